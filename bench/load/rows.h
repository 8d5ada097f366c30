#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "load/measure.h"
#include "load/message.h"
#include "load/target.h"

namespace posthorn::bench {

using RowFunction = async::Task<Result<Row>> (*)(const Target&, const Plan&);

struct RowEntry {
  std::string_view name;
  RowFunction run = nullptr;
  std::string_view help;
};

/// Every row that can be measured, by file.
std::span<const RowEntry> delivery_rows();
std::span<const RowEntry> session_rows();
std::span<const RowEntry> push_rows();
std::span<const RowEntry> read_rows();
std::span<const RowEntry> body_rows();
std::span<const RowEntry> change_rows();
std::span<const RowEntry> people_rows();
std::span<const RowEntry> start_rows();
std::span<const RowEntry> vast_rows();
std::span<const RowEntry> growth_rows();

/// Work shared by several coroutines of one loop until it is done, late, or one of them failed.
class Work {
 public:
  explicit Work(const Plan& plan) : plan_(plan) {}
  /// The number of the next operation; nothing when there is no more to do.
  std::optional<std::uint64_t> take();
  void done(double milliseconds) { samples_.add(milliseconds); }
  void failed(Error error) {
    if (!error_) error_ = std::move(error);
  }
  /// A row of operations a second. Errors: the first that a coroutine had.
  Result<Row> rate(std::string unit, const Meter& meter);

 private:
  const Plan& plan_;
  Stopwatch watch_;
  std::uint64_t next_ = 0;
  Samples samples_;
  std::optional<Error> error_;
};

/// All messages up front, so that making them is not measured.
std::vector<std::string> make_messages(const MessageMaker& maker, std::uint64_t count);

}  // namespace posthorn::bench
