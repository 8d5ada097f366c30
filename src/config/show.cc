#include "config/show.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "config/directory_schema.h"
#include "config/schema.h"

namespace posthorn::config {
namespace {

std::string_view table_of(const Key& key) {
  const std::size_t dot = key.name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : key.name.substr(0, dot);
}

std::string_view leaf_of(const Key& key) { return key.name.substr(key.name.rfind('.') + 1); }

/// Calls `line` for each key, after a header line for each table.
template <class Line>
std::string by_table(Line line) {
  std::string out;
  std::string_view table;
  for (const Key& key : schema()) {
    if (table_of(key) != table) {
      table = table_of(key);
      out += fmt::format("\n[{}]\n", table);
    }
    out += line(key);
  }
  return out;
}

Config defaults() {
  Config config;
  for (const Key& key : schema()) std::ignore = assign_text(config, key, key.fallback);
  return config;
}

std::string_view name_of(Form form) {
  switch (form) {
    case Form::text: return "string";
    case Form::path: return "path";
    case Form::secret: return "secret";
    case Form::flag: return "flag";
    case Form::number: return "number";
    case Form::size: return "size";
    case Form::duration: return "duration";
    case Form::list: return "list";
    case Form::endpoints: return "list of address:port";
    case Form::choice: return "choice";
  }
  return "?";
}

std::string allowed(const Key& key) {
  if (const auto* choice = std::get_if<ChoiceField>(&key.field)) {
    return fmt::format("{}", fmt::join(choice->names, ", "));
  }
  if (!key.min.empty() && !key.max.empty()) return fmt::format("{} to {}", key.min, key.max);
  return "";
}

/// Any number of such tables may be added.
std::string commented_directory() {
  Config otherwise;
  otherwise.one_directory = directory_named(otherwise, "NAME");
  std::string out =
      "\n# A directory that knows accounts, by the name that `directories` has for it. Any number "
      "of such\n# tables can be added; docs/directories.md has examples.\n#[directory.NAME]\n";
  for (const Key& key : directory_keys()) {
    const std::string range = allowed(key);
    out += fmt::format("\n# {}{}\n#{} = {}\n", key.doc,
                       range.empty() ? "" : fmt::format(" ({})", range), leaf_of(key),
                       format_value(otherwise, key));
  }
  return out;
}

/// Writes each key with its description, commented out at its default unless it is set.
template <class IsSet>
std::string commented_file(const Config& config, IsSet is_set) {
  const Config otherwise = defaults();
  const std::string out =
      "# Sizes: \"64MiB\", \"100MB\". Durations: \"500ms\", \"90s\", \"30m\", \"30d\".\n"
      "# `posthorn config check` verifies this file, `posthorn config show` prints the values in "
      "effect.\n"
      "\n";
  return out + by_table([&](const Key& key) {
           const std::string range = allowed(key);
           const bool set = is_set(key);
           return fmt::format("\n# {}{}\n{}{} = {}\n", key.doc,
                              range.empty() ? "" : fmt::format(" ({})", range), set ? "" : "#",
                              leaf_of(key), format_value(set ? config : otherwise, key));
         }) +
         commented_directory();
}

}  // namespace

namespace {

std::string shown(const Key& key, const Config& config, std::string_view origin) {
  const std::string value = format_value(config, key);
  const bool hide = key.form == Form::secret && value != "\"\"";
  return fmt::format("{} = {}  # {}{}\n", leaf_of(key), hide ? "\"\"" : value, origin,
                     hide ? " (set, not shown)" : "");
}

}  // namespace

std::string show(const Loaded& loaded) {
  std::string out = by_table([&](const Key& key) {
    return shown(key, loaded.config, loaded.origins.find(key.name)->second);
  });
  for (const Directory& directory : loaded.config.directory) {
    out += fmt::format("\n[directory.{}]\n", directory.name);
    const Config config = with_directory(loaded.config, directory);
    for (const Key& key : directory_keys()) {
      const auto origin = loaded.origins.find(name_in(key, directory.name));
      // What was not set need not be a key of this kind.
      if (origin != loaded.origins.end()) out += shown(key, config, origin->second);
    }
  }
  return out;
}

std::string example_file() {
  return "# Configuration of Posthorn. Every key may be left out; the values here are the "
         "defaults.\n" +
         commented_file(defaults(), [](const Key&) { return false; });
}

std::string first_file(const Loaded& loaded) {
  return "# Configuration of Posthorn. The keys that are commented out show their defaults.\n" +
         commented_file(loaded.config, [&](const Key& key) {
           return key.form != Form::secret &&
                  loaded.origins.find(key.name)->second == "command line";
         });
}

std::string reference_page() {
  Config config = defaults();
  config.one_directory = directory_named(config, "NAME");
  const auto row = [&config](const Key& key) {
    return fmt::format("| `{}` | {} | `{}` | {} | {} | {} |\n", key.name, name_of(key.form),
                       format_value(config, key), allowed(key),
                       key.reload == Reload::yes ? "live" : "", key.doc);
  };
  std::string out =
      "# Configuration\n\n"
      "One TOML file; every key may be left out. A key can also be set by the environment\n"
      "(`limits.per_user` as `POSTHORN_LIMITS_PER_USER`, lists with commas) and on the command "
      "line\n"
      "(`--set limits.per_user=80`), which win over the file in this order. A secret can be read "
      "from\n"
      "a file that is named by the key with the suffix `_file`. Relative paths are "
      "below\n`data_dir`.\n\n"
      "Sizes are octets, or a number with KB, MB, GB, TB (thousands) or KiB, MiB, GiB, TiB.\n"
      "Durations are seconds, or numbers with ms, s, m, h, d, w: `1h30m`.\n"
      "Keys marked \"live\" take effect on reload, the others at the next start.\n\n"
      "| key | type | default | allowed | live | meaning |\n|---|---|---|---|---|---|\n";
  for (const Key& key : schema()) out += row(key);
  out +=
      "\n## Directories\n\n"
      "Each table `[directory.NAME]` describes a directory that knows accounts, by the name that\n"
      "`directories` has for it (see `directories.md`). These keys are set in the file or on the "
      "command\nline (`--set directory.work.base=dc=example,dc=org`), not by the environment.\n\n"
      "| key | type | default | allowed | live | meaning |\n|---|---|---|---|---|---|\n";
  for (const Key& key : directory_keys()) out += row(key);
  return out;
}

}  // namespace posthorn::config
