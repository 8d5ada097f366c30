#include <cstdio>
#include <filesystem>

#include "app/keys/certificates.h"
#include "app/machine/notify.h"
#include "base/version.h"
#include "cli/command_line.h"
#include "cli/password.h"
#include "cli/program.h"
#include "config/schema.h"
#include "config/show.h"

namespace posthorn::cli {
namespace {

namespace fs = std::filesystem;

struct InitOptions {
  std::string account;
  std::string password_file;
  std::string hostname;
  bool high_ports = false;
};

/// Settings that put each listener that is on by default on an unprivileged port: 1143 for 143.
std::vector<std::string> high_ports() {
  using Endpoints = std::vector<config::Endpoint>& (*)(config::Config&);
  std::vector<std::string> settings;
  for (const config::Key& key : config::schema()) {
    const auto* const endpoints = std::get_if<Endpoints>(&key.field);
    config::Config defaults;
    if (endpoints == nullptr || !config::assign_text(defaults, key, key.fallback)) continue;
    std::string value;
    for (config::Endpoint& endpoint : (*endpoints)(defaults)) {
      endpoint.port += 1000;
      value += (value.empty() ? "" : ",") + config::to_text(endpoint);
    }
    if (!value.empty()) settings.push_back(fmt::format("{}={}", key.name, value));
  }
  return settings;
}

/// Returns the configuration file, with the settings of the command line in effect.
Result<std::string> first_config(const Program& program) {
  auto settings = parse_settings(program);
  if (!settings) return pass(settings);
  if (!program.data_dir.empty()) settings->emplace_back("data_dir", program.data_dir);
  const auto loaded = config::load({.overrides = std::move(*settings)});
  if (!loaded) return std::unexpected(loaded.error());
  return fmt::format("# Created by posthorn {} init.\n", kProgramVersion) +
         config::first_file(*loaded);
}

/// Also creates missing parents.
Status make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return {};
  return fail(ErrorKind::io, fmt::format("{}: cannot be created: {}; choose other places with "
                                         "--config FILE and --data-dir DIR",
                                         path.string(), error.message()));
}

Status write_config(const Program& program) {
  const fs::path path = program.config_path;
  std::error_code error;
  if (fs::exists(path, error)) {
    fmt::print("{} exists and is not changed\n", path.string());
    return {};
  }
  const auto text = first_config(program);
  if (!text) return std::unexpected(text.error());
  if (path.has_parent_path())
    if (Status made = make_folder(path.parent_path()); !made) return made;
  if (Status written = app::write_file_atomically(path, *text); !written) return written;
  // The server runs as its own user and must be able to read the file. Secrets belong in separate
  // files that it names.
  fs::permissions(path, fs::perms(0644), error);
  fmt::print("wrote {}\n", path.string());
  return {};
}

Status make_data_dir(const config::Config& config) {
  if (Status made = make_folder(config.data_dir); !made) return made;
  std::error_code ignored;
  fs::permissions(config.data_dir, fs::perms::owner_all, ignored);
  if (const auto certificates = app::Certificates::open(config); !certificates)
    return std::unexpected(certificates.error());
  return {};
}

int init(Program& program, const InitOptions& options) {
  if (program.config_path.empty()) program.config_path = kDefaultConfig;
  if (options.high_ports) {
    // First, so that explicit settings take precedence.
    const std::vector<std::string> ports = high_ports();
    program.settings.insert(program.settings.begin(), ports.begin(), ports.end());
  }
  if (!options.hostname.empty()) program.settings.push_back("hostname=" + options.hostname);
  // The path must be valid wherever the server is started.
  if (!program.data_dir.empty())
    program.data_dir = fs::absolute(program.data_dir).lexically_normal().string();
  if (Status written = write_config(program); !written) return complain(written.error());
  const auto loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  if (Status made = make_data_dir(loaded->config); !made) return complain(made.error());
  admin::Json request{{"do", "ping"}};
  if (!options.account.empty()) {
    auto password = read_new_password(options.password_file);
    if (!password) return complain(password.error());
    request = {{"do", "account.create"}, {"name", options.account}, {"password", *password}};
  }
  const int code = ask(program, request, [](const admin::Json&) {}, engine::IfAbsent::create);
  if (code == 0) fmt::print("ready: posthorn --config {} serve\n", program.config_path);
  return code;
}

}  // namespace

void add_init(Command app, Program& program) {
  const auto options = std::make_shared<InitOptions>();
  const Command command = app.add_subcommand(
      "init", "Create a configuration file, the data directory and a first account");
  command.add_option("--account", options->account, "The first account, e.g. ada@example.org");
  command
      .add_option("--password-file", options->password_file,
                  "Read the password from the first line of this file; - is standard input")
      .type_name("FILE");
  command.add_option("--hostname", options->hostname, "The name by which clients know this server");
  command.add_flag("--high-ports", options->high_ports,
                   "Listen on unprivileged ports: 1143 instead of 143 and so on");
  command.footer(
      "Existing files are not changed. The settings of --data-dir, --set and --hostname are "
      "written\n"
      "to the configuration file.\n"
      "Examples:\n"
      "  posthorn init --hostname mail.example.org --account ada@example.org\n"
      "  posthorn --config ./posthorn.toml --data-dir ./mail init --high-ports --hostname "
      "localhost");
  command.callback([&program, options] { program.run = [&] { return init(program, *options); }; });
}

}  // namespace posthorn::cli
