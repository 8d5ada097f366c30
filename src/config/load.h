#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace posthorn::config {

/// The sources of settings. Later ones take precedence: defaults, file, environment, command line.
struct Sources {
  /// The file; if none, no file is read. It is an error if the named file does not exist.
  std::optional<std::string> path = {};
  /// Names and values. Names that do not begin with POSTHORN_ are ignored.
  std::vector<std::pair<std::string, std::string>> environment = {};
  /// Keys and values, as in `--set limits.per_user=80`.
  std::vector<std::pair<std::string, std::string>> overrides = {};
};

struct Loaded {
  Config config;
  /// The origin of each key's value: "default", "/etc/posthorn.toml:12", "environment
  /// POSTHORN_LISTEN_IMAP", "command line".
  std::map<std::string, std::string, std::less<>> origins;
  /// The files that secrets were read from, by key (without "_file").
  std::map<std::string, std::string, std::less<>> secret_files;
  /// Valid settings that are probably a mistake.
  std::vector<std::string> warnings;
};

/// Errors: bad_argument (or not_found, io for the file itself). The text has one line for each
/// mistake: "posthorn.toml:3: unknown key 'listen.imap_prot'; did you mean 'listen.imap'?"
Result<Loaded> load(const Sources& sources);

/// The same for a file's content instead of its path. `name` represents it in errors and origins.
Result<Loaded> load_text(std::string_view toml, const std::string& name,
                         const Sources& sources = {});

/// Returns this process's environment.
std::vector<std::pair<std::string, std::string>> process_environment();

/// The keys whose values differ, and those among them that need a restart.
struct Difference {
  std::vector<std::string> changed;
  std::vector<std::string> need_restart;
};
Difference difference(const Config& before, const Config& after);

}  // namespace posthorn::config
