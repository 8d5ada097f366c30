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

/// What may say something. Later ones win: the defaults, the file, the environment, the command
/// line.
struct Sources {
  /// The file; none: no file is read. One that is named but missing is an error.
  std::optional<std::string> path = {};
  /// Name and value; names that do not begin with POSTHORN_ are passed over.
  std::vector<std::pair<std::string, std::string>> environment = {};
  /// Key and value, as in `--set limits.per_user=80`.
  std::vector<std::pair<std::string, std::string>> overrides = {};
};

struct Loaded {
  Config config;
  /// Where each key's value came from, by key: "default", "/etc/posthorn.toml:12",
  /// "environment POSTHORN_LISTEN_IMAP", "command line".
  std::map<std::string, std::string, std::less<>> origins;
  /// Not wrong, but probably not meant.
  std::vector<std::string> warnings;
};

/// Errors: bad_argument (or not_found, io for the file itself). The text has one line for each
/// thing wrong: "posthorn.toml:3: unknown key 'listen.imap_prot'; did you mean 'listen.imap'?"
Result<Loaded> load(const Sources& sources);

/// A file's content instead of its path; `name` stands for it in errors and origins.
Result<Loaded> load_text(std::string_view toml, const std::string& name,
                         const Sources& sources = {});

/// This process's environment.
std::vector<std::pair<std::string, std::string>> process_environment();

/// The keys whose values differ; of these, those that need a restart.
struct Difference {
  std::vector<std::string> changed;
  std::vector<std::string> need_restart;
};
Difference difference(const Config& before, const Config& after);

}  // namespace posthorn::config
