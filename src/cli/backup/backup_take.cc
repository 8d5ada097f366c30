#include <chrono>
#include <cstdio>
#include <filesystem>

#include "backup/take.h"
#include "base/version.h"
#include "cli/backup/backup_command.h"
#include "cli/sizes.h"

namespace posthorn::cli {
namespace {

namespace fs = std::filesystem;

using admin::Json;
using admin::number_of;
using admin::text_of;

/// Files of the data directory that are not worth saving: the store is saved from its snapshot.
bool is_left_out(std::string_view path) {
  for (const std::string_view name :
       {"store", "snapshot", "last-backup", "restoring", "admin-acts"})
    if (path == name) return true;
  return path.ends_with(".new");
}

/// The configuration, the files that it names, and the other files of the data directory: the
/// certificate made by the server, its secret, and the like.
Result<std::vector<backup::Source>> keys_of(const Program& program, const config::Config& config) {
  using backup::Changes;
  auto sources = backup::sources_below(
      config.data_dir, {.prefix = "data", .changes = Changes::perhaps, .skip = is_left_out});
  if (!sources) return sources;
  std::error_code ignored;
  std::string main = program.config_path;
  if (main.empty() && fs::exists(kDefaultConfig, ignored)) main = kDefaultConfig;
  const std::string inside = fs::absolute(config.data_dir, ignored).lexically_normal() / "";
  for (const std::string& name :
       {fs::absolute(main, ignored).string(), config::path_in(config, config.tls.certificate),
        config::path_in(config, config.tls.key), config::path_in(config, config.relay.ca_file),
        config::path_in(config, config.auth.oauth.jwks_file),
        config::path_in(config, config.auth.oauth.ca_file)}) {
    if (name.empty() || main.empty()) continue;
    const std::string path = fs::absolute(name, ignored).lexically_normal().string();
    if (!path.starts_with(inside) && fs::is_regular_file(path, ignored))
      sources->push_back({path, "config" + path, Changes::perhaps});
  }
  return sources;
}

/// Keeps the connection to the server, and with it the snapshot.
class KeepAlive {
 public:
  explicit KeepAlive(admin::Admin& admin) : admin_(admin) {}
  async::Task<Status> operator()() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::minutes(1)) co_return Status();
    last_ = now;
    auto answer = co_await admin_.call(Json{{"do", "ping"}});
    if (!answer) co_return pass(answer);
    co_return Status();
  }

 private:
  admin::Admin& admin_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void report(const backup::Manifest& made, const BackupOptions& options) {
  if (options.json) {
    fmt::print("{}\n", boost::json::serialize(Json{{"name", made.name},
                                                   {"taken", made.taken},
                                                   {"files", made.files.size()},
                                                   {"size", made.octets()},
                                                   {"copied", made.copied}}));
  } else {
    fmt::print("{}  {} in {} files, {} copied\n", made.name, format_octets(made.octets()),
               made.files.size(), format_octets(made.copied));
  }
}

async::Task<Result<int>> take_through(Access& access, const Program& program,
                                      const config::Config& config, const BackupOptions& options) {
  // First, so that no snapshot is made for nothing.
  auto repository = backup::Repository::open_to_write(options.folder);
  if (!repository) co_return pass(repository);
  auto snapshot = co_await access.admin().call(Json{{"do", "snapshot.take"}});
  if (!snapshot) co_return pass(snapshot);
  auto sources =
      backup::sources_below(std::string(text_of(snapshot->said, "path")), {.prefix = "store"});
  if (!sources) co_return pass(sources);
  if (!options.without_keys) {
    auto keys = keys_of(program, config);
    if (!keys) co_return pass(keys);
    sources->insert(sources->end(), keys->begin(), keys->end());
  }
  KeepAlive alive(access.admin());
  backup::TakeOptions how{.taken = static_cast<std::int64_t>(number_of(snapshot->said, "taken")),
                          .source = config.data_dir,
                          .version = std::string(kProgramVersion),
                          .octets_per_second = options.rate,
                          .between = [&alive] { return alive(); }};
  auto made = co_await backup::take(*repository, std::move(*sources), std::move(how));
  auto dropped = co_await access.admin().call(Json{{"do", "snapshot.drop"}});
  if (!made) co_return pass(made);
  if (!dropped) co_return pass(dropped);
  std::error_code ignored;
  auto noted = co_await access.admin().call(
      Json{{"do", "backup.done"},
           {"name", made->name},
           {"taken", made->taken},
           {"size", made->octets()},
           {"copied", made->copied},
           {"folder", fs::absolute(options.folder, ignored).string()}});
  if (!noted) co_return pass(noted);
  report(*made, options);
  co_return 0;
}

}  // namespace

int take_backup(const Program& program, const BackupOptions& options) {
  const auto loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  const config::Config& config = loaded->config;
  std::error_code ignored;
  const std::string data = fs::weakly_canonical(config.data_dir, ignored) / "";
  const std::string target = fs::weakly_canonical(options.folder, ignored) / "";
  if (target.starts_with(data))
    return complain(
        {ErrorKind::bad_argument,
         fmt::format("{} is in the data directory, which would be lost with it", options.folder)});
  return with_access(
      program, [&](Access& access) { return take_through(access, program, config, options); });
}

}  // namespace posthorn::cli
