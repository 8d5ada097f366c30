#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "admin/local_admin.h"
#include "app/core.h"
#include "async/task.h"
#include "base/result.h"
#include "config/load.h"

namespace CLI {
class App;
}

namespace posthorn::cli {

/// What every command is given: the options that stand before the command's name.
struct Program {
  std::string config_path;  ///< Empty: kDefaultConfig if it is there, else only defaults.
  std::string data_dir;
  std::vector<std::string> settings;  ///< "key=value"
  /// Set by the command that was chosen; returns the exit code.
  std::function<int()> run;
};

inline constexpr const char* kDefaultConfig = "/etc/posthorn/posthorn.toml";

/// Exit codes: 0 done; kFailed it did not work; kFindings `check` found something; kUsage.
inline constexpr int kFailed = 1;
inline constexpr int kFindings = 3;

/// Keys and values of --set. Errors: bad_argument for a setting without '='.
Result<std::vector<std::pair<std::string, std::string>>> parse_settings(const Program& program);

/// Errors: as config::load and parse_settings.
Result<config::Loaded> load_config(const Program& program);

/// Says it on standard error; returns kFailed.
int complain(const Error& error);

/// The store's data, through the server when one runs, else opened here.
class Access {
 public:
  /// Errors: unavailable when another process has the data open but answers no socket; as
  /// app::Core::open.
  static async::Task<Result<std::unique_ptr<Access>>> open(const config::Config& config,
                                                           engine::IfAbsent if_absent);
  ~Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  [[nodiscard]] admin::Admin& admin() { return *admin_; }
  /// Whether a server is in between.
  [[nodiscard]] bool is_remote() const { return core_ == nullptr; }
  /// To be called before destruction, whatever happened.
  async::Task<void> close();

 private:
  Access() = default;
  std::unique_ptr<app::Core> core_;
  std::unique_ptr<admin::Admin> admin_;
};

/// Says what failed, and returns the exit code.
using Complain = int (*)(const Error&);

/// Loads the configuration, opens the data, does `work` and closes it again. Returns the exit code;
/// what fails is said by `say`. Only `init` makes a store where none is.
int with_access(const Program& program,
                const std::function<async::Task<Result<int>>(Access&)>& work,
                engine::IfAbsent if_absent = engine::IfAbsent::refuse, Complain say = complain);

/// One request, its answer given to `show`.
int ask(const Program& program, const admin::Json& request,
        const std::function<void(const admin::Json&)>& show,
        engine::IfAbsent if_absent = engine::IfAbsent::refuse, Complain say = complain);

// Each adds its command, with options, help and examples.
void add_init(CLI::App& app, Program& program);
void add_serve(CLI::App& app, Program& program);
void add_demo(CLI::App& app, Program& program);
void add_account(CLI::App& app, Program& program);
void add_alias(CLI::App& app, Program& program);
void add_mailbox(CLI::App& app, Program& program);
void add_queue(CLI::App& app, Program& program);
void add_import(CLI::App& app, Program& program);
void add_export(CLI::App& app, Program& program);
void add_check(CLI::App& app, Program& program);
void add_dns(CLI::App& app, Program& program);
void add_config(CLI::App& app, Program& program);
void add_version(CLI::App& app, Program& program);

}  // namespace posthorn::cli
