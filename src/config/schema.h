#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace posthorn::config {

/// An enumeration by its names; set() is given the position of one.
struct ChoiceField {
  std::span<const std::string_view> names;
  std::size_t (*get)(const Config&);
  void (*set)(Config&, std::size_t);
};

/// Where a key's value lives, and with that how it is written.
using Field =
    std::variant<std::string& (*)(Config&), bool& (*)(Config&), std::uint64_t& (*)(Config&),
                 Duration& (*)(Config&), std::vector<std::string>& (*)(Config&),
                 std::vector<Endpoint>& (*)(Config&), ChoiceField>;

enum class Form : std::uint8_t {
  text,
  path,
  secret,  ///< Never shown. `<key>_file` names a file that holds it.
  flag,    ///< true or false.
  number,
  size,       ///< Octets: "64MiB", "100MB", or a number.
  duration,   ///< "500ms", "90s", "30m", "1h30m", "30d", "4w", or a number of seconds.
  list,       ///< Of strings.
  endpoints,  ///< List of Endpoint.
  choice,
};

enum class Reload : std::uint8_t { yes, needs_restart };

/// Everything there is to know of one key.
struct Key {
  std::string_view name;  ///< "limits.per_user"
  Form form;
  Field field;
  std::string_view fallback;  ///< The default as it would be written in the environment.
  std::string_view min;       ///< Of numbers, sizes and durations; empty: no bound.
  std::string_view max;
  Reload reload;
  std::string_view doc;  ///< One line, a sentence or two.
};

/// Every key, in the order of the documentation.
std::span<const Key> schema();
/// Null when there is none of that name.
const Key* find_key(std::string_view name);

/// "POSTHORN_LIMITS_PER_USER" of "limits.per_user".
std::string environment_name(const Key& key);

/// A value as written: one word, or several for lists. Errors: bad_argument with a sentence that
/// names neither key nor place ("must be at least 24h").
Status assign(Config& config, const Key& key, const std::vector<std::string>& words);
/// From one string: lists are split at commas.
Status assign_text(Config& config, const Key& key, std::string_view value);
/// As TOML: `"30d"`, `50`, `["*:143"]`. Secrets too: whoever prints it looks at the form.
std::string format_value(const Config& config, const Key& key);

}  // namespace posthorn::config
