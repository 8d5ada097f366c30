#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/config.h"
#include "config/schema.h"

/// The tables [directory.NAME]. There may be any number of them, all with the keys that are defined
/// here. A key's field is one of Config::one_directory, where the values of a directory are put for
/// reading and writing them.
namespace posthorn::config {

/// Returns the keys, named "directory.NAME.kind" and so on, in the order of the documentation.
std::span<const Key> directory_keys();

/// "directory.work.kind" in its parts.
struct DirectoryKey {
  std::string_view directory;  ///< "work".
  const Key* key = nullptr;    ///< Null if there is no such key.
  bool is_file = false;        ///< It names the file with a secret.
};
/// None if the name is not one of a table [directory.NAME].
std::optional<DirectoryKey> parse_directory_key(std::string_view name);

/// Returns the name of a key in the table of one directory.
std::string name_in(const Key& key, std::string_view directory);

/// Returns the directory of that name, with the defaults if it is new.
Directory& directory_named(Config& config, std::string_view name);
/// Returns a copy of the configuration in which `one_directory` is this one, for format_value().
Config with_directory(const Config& config, const Directory& directory);

/// Checks what must go together. `is_set` tells whether a key ("directory.work.base") has a value
/// of its own; `wrong` is called for each mistake, with the key that it is about.
void check_directories(const Config& config, const std::function<bool(const std::string&)>& is_set,
                       const std::function<void(const std::string&, std::string)>& wrong);

}  // namespace posthorn::config
