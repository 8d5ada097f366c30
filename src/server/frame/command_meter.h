#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/metrics.h"

namespace posthorn::server::frame {

/// How a command ended.
enum class Ending : std::uint8_t {
  ok,
  refused,  ///< Something about the command: a wrong password, no such mailbox, bad syntax.
  failed,   ///< Something about the server: it may be repeated later.
};
constexpr std::size_t kEndings = 3;

/// Counts the commands of one protocol and how long they took. Thread: any.
class CommandMeter {
 public:
  using Clock = std::chrono::steady_clock;
  /// What is counted of one command.
  struct Count {
    std::string_view command;
    metrics::Counter ended[kEndings] = {};
    metrics::Durations took = {};
  };

  /// `commands` are the names of the commands, which must be static.
  explicit CommandMeter(std::vector<std::string_view> commands);

  /// Notes the end of the command with this index in `commands`, which began at `began`.
  void note(std::size_t command, Ending ending, Clock::time_point began) {
    counts_[command].ended[static_cast<std::size_t>(ending)].add();
    counts_[command].took.add(Clock::now() - began);
  }
  /// Notes a command whose time says nothing, because most of it is the client's.
  void note(std::size_t command, Ending ending) {
    counts_[command].ended[static_cast<std::size_t>(ending)].add();
  }
  /// Notes something that is no command.
  void note_unknown() { note(counts_.size() - 1, Ending::refused); }

  /// The commands, and at the end one with an empty name for what is no command.
  [[nodiscard]] const std::vector<Count>& counts() const { return counts_; }

 private:
  std::vector<Count> counts_;
};

}  // namespace posthorn::server::frame
