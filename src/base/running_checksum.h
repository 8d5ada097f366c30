#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace posthorn {

/// The checksum (bytes.h) of octets that come one after another; its value can be had at any time,
/// at a cost that does not depend on how many there were.
class RunningChecksum {
 public:
  RunningChecksum();
  ~RunningChecksum();
  RunningChecksum(const RunningChecksum&) = delete;
  RunningChecksum& operator=(const RunningChecksum&) = delete;

  void restart();
  void add(std::string_view octets);
  /// Of all octets since the last restart.
  [[nodiscard]] std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace posthorn
