#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace posthorn {

/// RFC 9051 §2.3.2. \Recent is not a flag of a message here; it is a property of a session.
enum class SystemFlag : std::uint8_t {
  seen = 1,
  answered = 2,
  flagged = 4,
  deleted = 8,
  draft = 16,
};

/// A set of SystemFlag bits.
using SystemFlags = std::uint8_t;

constexpr SystemFlags bit(SystemFlag f) { return static_cast<SystemFlags>(f); }
constexpr SystemFlags kAllSystemFlags = 31;

/// Flags as named in a command or a file. Keywords are compared case-insensitively (ASCII) and
/// stored as first written (RFC 9051 §2.3.2).
struct FlagList {
  SystemFlags system = 0;
  std::vector<std::string> keywords;
  friend bool operator==(const FlagList&, const FlagList&) = default;
};

}  // namespace posthorn
