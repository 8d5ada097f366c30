#include "load/measure.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

namespace posthorn::bench {
namespace {

struct Process {
  int parent = 0;
  double own_ms = 0;
  double ended_children_ms = 0;
};

/// Time on a processor of all threads there are now, as the scheduler counts it: exact, where
/// proc(5)'s stat has steps of 10 ms. 0 when the kernel does not say.
double threads_ms(int pid) {
  const std::string folder = fmt::format("/proc/{}/task", pid);
  DIR* const threads = ::opendir(folder.c_str());
  if (threads == nullptr) return 0;
  double sum = 0;
  while (const dirent* entry = ::readdir(threads)) {
    std::ifstream file(fmt::format("{}/{}/schedstat", folder, entry->d_name));
    double nanoseconds = 0;
    if (file >> nanoseconds) sum += nanoseconds / 1e6;
  }
  ::closedir(threads);
  return sum;
}

bool read_process(int pid, Process& out) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(file, line)) return false;
  // The second field is the name in parentheses and may hold anything.
  const std::size_t behind = line.rfind(')');
  if (behind == std::string::npos) return false;
  std::istringstream fields(line.substr(behind + 1));
  std::string skipped;
  fields >> skipped >> out.parent;                  // Fields 3 and 4 of proc(5).
  for (int i = 5; i <= 13; ++i) fields >> skipped;  // Up to cmajflt.
  double user = 0;
  double kernel = 0;
  double children_user = 0;
  double children_kernel = 0;
  fields >> user >> kernel >> children_user >> children_kernel;
  const double tick_ms = 1000.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
  out.own_ms = (user + kernel) * tick_ms;
  out.ended_children_ms = (children_user + children_kernel) * tick_ms;
  return !fields.fail();
}

std::map<int, Process> tree(int root) {
  std::map<int, Process> all;
  DIR* const folder = ::opendir("/proc");
  if (folder == nullptr) return all;
  while (const dirent* entry = ::readdir(folder)) {
    const int pid = std::atoi(entry->d_name);
    Process process;
    if (pid > 0 && read_process(pid, process)) all.emplace(pid, process);
  }
  ::closedir(folder);
  std::map<int, Process> ours;
  if (const auto found = all.find(root); found != all.end()) ours.insert(*found);
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& [pid, process] : all)
      if (ours.contains(process.parent) && !ours.contains(pid))
        grown = ours.emplace(pid, process).second || grown;
  }
  return ours;
}

double own_cpu_ms() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

}  // namespace

double Samples::quantile(double share) const {
  if (values_.empty()) return 0;
  std::vector<double> sorted = values_;
  std::ranges::sort(sorted);
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(at, sorted.size() - 1)];
}

CpuReading read_cpu(int pid) {
  CpuReading reading;
  if (pid <= 0) return reading;
  for (const auto& [id, process] : tree(pid)) {
    reading.processes.push_back(id);
    reading.counted_ms += process.own_ms;
    reading.ended_ms += process.ended_children_ms;
    reading.exact_ms += threads_ms(id);
  }
  return reading;
}

double cpu_between(const CpuReading& before, const CpuReading& after) {
  const bool same_processes =
      before.processes == after.processes && before.ended_ms == after.ended_ms;
  if (same_processes && after.exact_ms > before.exact_ms) return after.exact_ms - before.exact_ms;
  return after.counted_ms + after.ended_ms - before.counted_ms - before.ended_ms;
}

std::uint64_t tree_memory_kib(int pid) {
  std::uint64_t sum = 0;
  for (const auto& [id, process] : tree(pid)) {
    std::ifstream file(fmt::format("/proc/{}/smaps_rollup", id));
    for (std::string line; std::getline(file, line);)
      if (line.starts_with("Pss:")) sum += std::strtoull(line.c_str() + 4, nullptr, 10);
  }
  return sum;
}

Meter::Meter(int server_pid)
    : server_pid_(server_pid), server_(read_cpu(server_pid)), client_ms_(own_cpu_ms()) {
  watch_.reset();
}

Cost Meter::stop() const {
  const double wall = watch_.milliseconds();
  const double client = own_cpu_ms() - client_ms_;
  return {wall, cpu_between(server_, read_cpu(server_pid_)), client};
}

std::string format_row(const Row& row) {
  const double n = static_cast<double>(std::max<std::uint64_t>(row.operations, 1));
  return fmt::format(
      R"({{"row":"{}","unit":"{}","value":{:.4g},"p50":{:.4g},"p99":{:.4g},"n":{},"checked":{},)"
      R"("octets":{},"first_ms":{:.4g},"wall_ms":{:.1f},"server_cpu_us":{:.1f},"client_cpu_us":{:.1f}}})",
      row.name, row.unit, row.value, row.samples.quantile(0.5), row.samples.quantile(0.99),
      row.operations, row.checked, row.octets, row.first_ms, row.cost.wall_ms,
      row.cost.server_cpu_ms * 1e3 / n, row.cost.client_cpu_ms * 1e3 / n);
}

}  // namespace posthorn::bench
