#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace posthorn::bench {

/// Times of single operations, in milliseconds.
class Samples {
 public:
  void add(double milliseconds) { values_.push_back(milliseconds); }
  [[nodiscard]] std::size_t size() const { return values_.size(); }
  /// The value below which this share (0 to 1) lies; 0 without values.
  [[nodiscard]] double quantile(double share) const;

 private:
  std::vector<double> values_;
};

/// Milliseconds from its making or last reset.
class Stopwatch {
 public:
  void reset() { start_ = std::chrono::steady_clock::now(); }
  [[nodiscard]] double milliseconds() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// What the measured part of a row cost.
struct Cost {
  double wall_ms = 0;
  double server_cpu_ms = 0;  ///< All processes of the server; 0 when its pid is not known.
  double client_cpu_ms = 0;  ///< Of this load generator.
};

/// Milliseconds of processor time that a process and all below it have used.
struct CpuReading {
  std::vector<int> processes = {};  ///< Ascending.
  double counted_ms = 0;            ///< As proc(5)'s stat has it, in steps of 10 ms.
  double ended_ms = 0;              ///< The same, of children that have ended.
  double exact_ms = 0;              ///< Of the threads there are, as the scheduler has it.
};
CpuReading read_cpu(int pid);
/// Exact when the same processes did all of it. The two ways of counting differ, as only one leaves
/// out what a virtual machine was denied, so they are not mixed.
double cpu_between(const CpuReading& before, const CpuReading& after);

/// Reads the processor time before and after.
class Meter {
 public:
  /// `server_pid`: the server's first process, or 0.
  explicit Meter(int server_pid);
  [[nodiscard]] Cost stop() const;

 private:
  int server_pid_;
  Stopwatch watch_;
  CpuReading server_;
  double client_ms_;
};

/// KiB of memory of the process and its descendants, shared pages in proportion (Pss).
std::uint64_t tree_memory_kib(int pid);

/// One line of the table.
struct Row {
  std::string name = {};
  std::string unit = {};
  double value = 0;
  Samples samples = {};
  std::uint64_t operations = 0;
  std::uint64_t checked = 0;  ///< What both servers must agree on: hits, octets or messages.
  std::uint64_t octets = 0;   ///< Of mail delivered, or of answers; 0 where it does not matter.
  double first_ms = 0;        ///< The same thing done the first time, before caches are warm.
  Cost cost = {};
};

/// One JSON object, without a line end.
std::string format_row(const Row& row);

}  // namespace posthorn::bench
