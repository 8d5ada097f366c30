#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace posthorn {

/// RFC 9051 §2.3.2. \Recent is no flag of a message here: it belongs to a session.
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

/// Flags as a command or a file names them. Keywords are compared without regard to ASCII case and
/// kept as first written (RFC 9051 §2.3.2).
struct FlagList {
  SystemFlags system = 0;
  std::vector<std::string> keywords;
  friend bool operator==(const FlagList&, const FlagList&) = default;
};

}  // namespace posthorn
