#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace posthorn::config {

/// One `key = value` of a TOML file. The value is kept as the words it was written with.
struct Entry {
  std::string key;  ///< With dots: "listen.imap".
  enum class Type : std::uint8_t { string, integer, flag, list, other } type;
  std::vector<std::string> words;  ///< Empty for `other`.
  std::uint32_t line = 0;
};

/// Returns the entries in no particular order. Errors: syntax, prefixed with "<name>:<line>: ".
Result<std::vector<Entry>> read_toml(std::string_view toml, const std::string& name);

}  // namespace posthorn::config
