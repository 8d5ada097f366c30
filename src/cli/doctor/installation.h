#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "base/result.h"
#include "config/load.h"

namespace posthorn::cli {

struct DoctorOptions {
  std::string dns_server;  ///< Empty: the resolver of the system.
  std::string postfix_config;
  std::string max_backup_age = "26h";
  bool json = false;
};

/// What the checks look at. Nothing in it is changed by them.
struct Installation {
  config::Loaded loaded;
  std::string config_file;  ///< Empty: there is none.
  DoctorOptions options;
  std::int64_t max_backup_age = 0;  ///< Seconds.

  /// What the running server says of itself (the admin request "status"); none if no server was
  /// found.
  std::optional<admin::Json> status = {};
  /// Why a server that seems to run does not answer; empty if it does, or if none runs.
  std::string silent = {};
  std::optional<admin::Json> last_backup = {};
  /// Domains that have mail here: those configured, or else those of accounts and aliases, as far
  /// as the running server tells.
  std::vector<std::string> domains = {};

  [[nodiscard]] const config::Config& config() const { return loaded.config; }
  [[nodiscard]] bool is_running() const { return status.has_value(); }
  /// The process of the server; 0 if none runs.
  [[nodiscard]] pid_t process() const;
};

/// Asks a running server, and reads what lies in the data directory. Waits for five seconds at most
/// for each answer.
Installation examine(config::Loaded loaded, std::string config_file, DoctorOptions options);

}  // namespace posthorn::cli
