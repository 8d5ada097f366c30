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

/// An enumeration, given by the names of its values. set() takes the index of a name.
struct ChoiceField {
  std::span<const std::string_view> names;
  std::size_t (*get)(const Config&);
  void (*set)(Config&, std::size_t);
};

/// Accesses a key's value. Its type also determines the written form.
using Field =
    std::variant<std::string& (*)(Config&), bool& (*)(Config&), std::uint64_t& (*)(Config&),
                 Duration& (*)(Config&), std::vector<std::string>& (*)(Config&),
                 std::vector<Endpoint>& (*)(Config&), ChoiceField>;

enum class Form : std::uint8_t {
  text,
  path,
  secret,  ///< Never shown. `<key>_file` names a file that contains it.
  flag,    ///< "true" or "false".
  number,
  size,       ///< Octets: "64MiB", "100MB", or a number.
  duration,   ///< "500ms", "90s", "30m", "1h30m", "30d", "4w", or a number of seconds.
  list,       ///< A list of strings.
  endpoints,  ///< A list of Endpoint.
  choice,
};

enum class Reload : std::uint8_t { yes, needs_restart };

/// The complete definition of one key.
struct Key {
  std::string_view name;  ///< "limits.per_user"
  Form form;
  Field field;
  std::string_view fallback;  ///< The default, in the form used in the environment.
  std::string_view min;       ///< Bounds of numbers, sizes and durations; empty: no bound.
  std::string_view max;
  Reload reload;
  std::string_view doc;  ///< One line, of a sentence or two.
};

/// Returns every key, in the order of the documentation.
std::span<const Key> schema();
/// Null if there is no such key.
const Key* find_key(std::string_view name);

/// Returns e.g. "POSTHORN_LIMITS_PER_USER" for "limits.per_user".
std::string environment_name(const Key& key);

/// Sets a value from its written form: one word, or several for lists. Errors: bad_argument with a
/// sentence that names neither key nor place ("must be at least 24h").
Status assign(Config& config, const Key& key, const std::vector<std::string>& words);
/// The same for a single string: lists are split at commas.
Status assign_text(Config& config, const Key& key, std::string_view value);
/// Formats the value as TOML: `"30d"`, `50`, `["*:143"]`. This includes secrets; callers that print
/// values must check the form.
std::string format_value(const Config& config, const Key& key);

}  // namespace posthorn::config
