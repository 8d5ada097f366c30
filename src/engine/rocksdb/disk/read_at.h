#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace posthorn::engine::rocks {

struct ReadOctets {
  std::size_t octets = 0;
  bool failed = false;  ///< The disk returned an error behind these octets; otherwise, if they are
                        ///< fewer than were wanted, the file ends there.
};

/// Fills `room` with what the file has from `at` on.
ReadOctets read_at(int fd, std::uint64_t at, std::span<char> room);

}  // namespace posthorn::engine::rocks
