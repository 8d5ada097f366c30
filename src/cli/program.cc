#include "cli/program.h"

#include <cstdio>
#include <filesystem>

#include "admin/audit.h"
#include "admin/remote_admin.h"
#include "app/capability_names.h"
#include "app/keys/srs_keys.h"
#include "app/machine/disk_watch.h"
#include "app/options.h"
#include "async/run.h"
#include "base/log.h"
#include "store/low_space.h"

namespace posthorn::cli {

Result<std::vector<std::pair<std::string, std::string>>> parse_settings(const Program& program) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& setting : program.settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos)
      return fail(ErrorKind::bad_argument, fmt::format("--set {}: expected key=value", setting));
    out.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return out;
}

Result<config::Loaded> load_config(const Program& program) {
  config::Sources sources;
  std::error_code ignored;
  if (!program.config_path.empty()) {
    sources.path = program.config_path;
  } else if (std::filesystem::exists(kDefaultConfig, ignored)) {
    sources.path = kDefaultConfig;
  }
  sources.environment = config::process_environment();
  auto settings = parse_settings(program);
  if (!settings) return pass(settings);
  sources.overrides = std::move(*settings);
  if (!program.data_dir.empty()) sources.overrides.emplace_back("data_dir", program.data_dir);
  return config::load(sources);
}

int complain(const Error& error) {
  std::string text = error.text;
  if (!error.cause.empty()) text += " (" + error.cause + ")";
  fmt::print(stderr, "posthorn: {}\n", text);
  return kFailed;
}

namespace {

using OldKeys = admin::LocalAdmin::OldKeys;

Status rotate_srs_key(const std::string& data_dir, OldKeys old) {
  auto keys = app::SrsKeyFile::open(data_dir, system_clock());
  if (!keys) return pass(keys);
  return (*keys)->rotate(old == OldKeys::forget ? app::SrsKeyFile::Old::forget
                                                : app::SrsKeyFile::Old::keep);
}

}  // namespace

async::Task<Result<std::unique_ptr<Access>>> Access::open(const config::Config& config,
                                                          engine::IfAbsent if_absent) {
  std::unique_ptr<Access> access(new Access);
  const std::string socket = config::path_in(config, config.listen.admin_socket);
  if (!socket.empty()) {
    auto remote = co_await admin::RemoteAdmin::connect(socket);
    if (remote) {
      access->admin_ = std::move(*remote);
      co_return access;
    }
    if (remote.error().kind == ErrorKind::no_permission) co_return pass(remote);
  }
  auto core = app::Core::open(config, app::EngineKind::configured, if_absent);
  if (!core) co_return pass(core);
  access->core_ = std::move(*core);
  // Imports are refused like any other mail. This process ends soon, so it looks once.
  app::DiskWatch(app::measure_space(config.data_dir), app::min_free(config), [&](bool low) {
    store::set_low_on_space(access->core_->store(), low);
  }).look();
  access->snapshots_ = std::make_unique<app::SnapshotPlace>(*access->core_, config);
  access->domains_ = std::make_unique<app::Domains>(access->core_->store(), config.domains);
  auto local = std::make_unique<admin::LocalAdmin>(
      access->core_->store(),
      admin::LocalAdmin::Options{
          .iterations = static_cast<std::uint32_t>(config.auth.iterations),
          .max_message_octets = config.limits.message_size,
          .hash_limits = app::hash_limits(config),
          .data_dir = config.data_dir,
          .take_snapshot = [place = access->snapshots_.get()] { return place->take(); },
          .capabilities = app::capability_names(),
          .can_relay = !config.relay.host.empty(),
          .is_our_domain = [domains = access->domains_.get()](
                               std::string domain) { return domains->is_ours(std::move(domain)); },
          .max_outside = static_cast<std::uint32_t>(config.forwarding.max_addresses),
          .rotate_srs_key =
              [folder = config.data_dir](OldKeys old) { return rotate_srs_key(folder, old); }});
  access->admin_ = std::make_unique<admin::KeptAdmin>(std::move(local), config.data_dir);
  co_return access;
}

Access::~Access() = default;

async::Task<void> Access::close() {
  admin_.reset();
  if (core_) co_await core_->close();
}

namespace {

async::Task<Result<int>> open_and_work(const config::Config& config, engine::IfAbsent if_absent,
                                       const std::function<async::Task<Result<int>>(Access&)>& work,
                                       std::unique_ptr<Access>& access) {
  auto opened = co_await Access::open(config, if_absent);
  if (!opened) co_return pass(opened);
  access = std::move(*opened);
  auto code = co_await work(*access);
  co_await access->close();
  co_return code;
}

}  // namespace

int with_access(const Program& program,
                const std::function<async::Task<Result<int>>(Access&)>& work,
                engine::IfAbsent if_absent, Complain say) {
  const Result<config::Loaded> loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  log::set_level(log::Level::warning);
  // Destroyed only when no loop runs any more, because it joins threads.
  std::unique_ptr<Access> access;
  const Result<int> code =
      async::run_blocking(open_and_work(loaded->config, if_absent, work, access));
  return code ? *code : say(code.error());
}

int ask(const Program& program, const admin::Json& request,
        const std::function<void(const admin::Json&)>& show, engine::IfAbsent if_absent,
        Complain say) {
  const auto work = [&](Access& access) -> async::Task<Result<int>> {
    return [](admin::Admin& admin, admin::Json what,
              const std::function<void(const admin::Json&)>& then) -> async::Task<Result<int>> {
      auto answer = co_await admin.call(std::move(what));
      if (!answer) co_return pass(answer);
      then(answer->said);
      co_return 0;
    }(access.admin(), request, show);
  };
  return with_access(program, work, if_absent, say);
}

}  // namespace posthorn::cli
