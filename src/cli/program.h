#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "admin/local_admin.h"
#include "app/accounts/domains.h"
#include "app/core.h"
#include "app/snapshot_place.h"
#include "async/task.h"
#include "base/result.h"
#include "cli/command_line.h"
#include "config/load.h"

namespace posthorn::cli {

/// The options before the command's name, which every command gets.
struct Program {
  std::string config_path;  ///< If empty: kDefaultConfig if that exists, otherwise only defaults.
  std::string data_dir;
  std::vector<std::string> settings;  ///< "key=value"
  /// Set by the chosen command. Returns the exit code.
  std::function<int()> run;
};

inline constexpr const char* kDefaultConfig = "/etc/posthorn/posthorn.toml";

/// Exit codes: 0 success; kFailed for failure; kFindings if `check` found something; kUsage.
inline constexpr int kFailed = 1;
inline constexpr int kFindings = 3;

/// Returns the keys and values of --set. Errors: bad_argument for a setting without '='.
Result<std::vector<std::pair<std::string, std::string>>> parse_settings(const Program& program);

/// Errors: those of config::load and parse_settings.
Result<config::Loaded> load_config(const Program& program);

/// Prints the error to standard error. Returns kFailed.
int complain(const Error& error);

/// Access to the store's data: through the server if it runs, otherwise opened in this process.
class Access {
 public:
  /// Errors: unavailable if another process has the data open but does not answer on its socket;
  /// those of app::Core::open.
  static async::Task<Result<std::unique_ptr<Access>>> open(const config::Config& config,
                                                           engine::IfAbsent if_absent);
  ~Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  [[nodiscard]] admin::Admin& admin() { return *admin_; }
  /// Returns whether the data is accessed through a server.
  [[nodiscard]] bool is_remote() const { return core_ == nullptr; }
  /// Must be called before destruction in every case.
  async::Task<void> close();

 private:
  Access() = default;
  std::unique_ptr<app::Core> core_;
  std::unique_ptr<app::SnapshotPlace> snapshots_;
  std::unique_ptr<app::Domains> domains_;
  std::unique_ptr<admin::Admin> admin_;
};

/// Reports a failure, and returns the exit code.
using Complain = int (*)(const Error&);

/// Loads the configuration, opens the data, runs `work` and closes the data. Returns the exit code;
/// `say` reports failures. Only `init` creates a store if there is none.
int with_access(const Program& program,
                const std::function<async::Task<Result<int>>(Access&)>& work,
                engine::IfAbsent if_absent = engine::IfAbsent::refuse, Complain say = complain);

/// Sends one request and passes its answer to `show`.
int ask(const Program& program, const admin::Json& request,
        const std::function<void(const admin::Json&)>& show,
        engine::IfAbsent if_absent = engine::IfAbsent::refuse, Complain say = complain);

// Each function adds its command, with options, help and examples.
void add_init(Command app, Program& program);
void add_serve(Command app, Program& program);
void add_demo(Command app, Program& program);
void add_account(Command app, Program& program);
void add_alias(Command app, Program& program);
void add_mailbox(Command app, Program& program);
void add_team(Command app, Program& program);
void add_queue(Command app, Program& program);
void add_import(Command app, Program& program);
void add_export(Command app, Program& program);
void add_undelete(Command app, Program& program);
void add_index(Command app, Program& program);
void add_sessions(Command app, Program& program);
void add_node(Command app, Program& program);
void add_backup(Command app, Program& program);
void add_restore(Command app, Program& program);
void add_status(Command app, Program& program);
void add_check(Command app, Program& program);
void add_salvage(Command app, Program& program);
void add_doctor(Command app, Program& program);
void add_dns(Command app, Program& program);
void add_mta(Command app, Program& program);
void add_config(Command app, Program& program);
void add_version(Command app, Program& program);

}  // namespace posthorn::cli
