#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/measure.h"
#include "load/target.h"

namespace posthorn::bench {

/// Any number of sessions in IDLE on one mailbox, and one that appends to it. Plain blocking
/// sockets and one epoll: with ten thousand of them, what a client library does for each would be
/// the larger half of what is measured.
class Listeners {
 public:
  /// Opens `count` sessions; fewer when `patience_ms` passes first. Errors: those of dial();
  /// closed, timed_out; io when the server refuses.
  static Result<Listeners> open(const Target& target, std::uint64_t user, std::uint64_t count,
                                double patience_ms);
  Listeners(Listeners&&) noexcept;
  Listeners& operator=(Listeners&&) = delete;
  ~Listeners();

  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// Milliseconds from the first octet of an APPEND until the last session had its EXISTS. Errors:
  /// timed_out after `patience_ms`, closed, io.
  Result<double> append_and_wait(const std::string& message, double patience_ms);

 private:
  Listeners() = default;
  Status add_some(const Target& target, std::uint64_t user, std::uint64_t count);
  Status watch(int fd);
  /// Whether this connection has what it waits for: the idlers an EXISTS above that of the round
  /// before, the sender its OK.
  Result<bool> hear(int fd);

  int epoll_ = -1;
  int sender_ = -1;
  std::vector<int> idlers_;
  std::uint64_t count_ = 0;
  std::vector<std::uint64_t> heard_;  ///< By descriptor: the EXISTS it heard last.
  std::uint64_t exists_before_ = 0;   ///< What all have heard.
  std::uint64_t exists_ = 0;          ///< The highest that any has.
  std::string buffer_;
};

}  // namespace posthorn::bench
