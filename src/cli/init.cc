#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "app/certificates.h"
#include "app/notify.h"
#include "app/version.h"
#include "cli/password.h"
#include "cli/program.h"
#include "config/show.h"

namespace posthorn::cli {
namespace {

namespace fs = std::filesystem;

struct InitOptions {
  std::string account;
  std::string password_file;
  std::string hostname;
};

/// The example file with what was asked for set at its top.
std::string first_config(const std::string& data_dir, const std::string& hostname) {
  std::string text =
      fmt::format("# Made by posthorn {} init.\ndata_dir = \"{}\"\n", app::kVersion, data_dir);
  if (!hostname.empty()) text += fmt::format("hostname = \"{}\"\n", hostname);
  return text + "\n" + config::example_file();
}

Status write_config(const std::string& path, const std::string& text) {
  std::error_code error;
  if (fs::exists(path, error)) {
    fmt::print("{} is there and stays as it is\n", path);
    return {};
  }
  const fs::path parent = fs::path(path).parent_path();
  if (!parent.empty()) fs::create_directories(parent, error);
  if (Status written = app::write_file_atomically(path, text); !written) return written;
  // The server runs as a user of its own and has to read it. Secrets belong into files it names.
  fs::permissions(path, fs::perms(0644), error);
  fmt::print("wrote {}\n", path);
  return {};
}

int init(Program& program, const InitOptions& options) {
  if (program.config_path.empty()) program.config_path = kDefaultConfig;
  if (program.data_dir.empty()) program.data_dir = "/var/lib/posthorn";
  program.data_dir = fs::absolute(program.data_dir).string();
  if (Status written =
          write_config(program.config_path, first_config(program.data_dir, options.hostname));
      !written)
    return complain(written.error());
  std::error_code error;
  fs::create_directories(program.data_dir, error);
  if (error)
    return complain({ErrorKind::io, fmt::format("{}: {}", program.data_dir, error.message())});
  fs::permissions(program.data_dir, fs::perms::owner_all, error);
  app::Json request{{"do", "ping"}};
  if (!options.account.empty()) {
    auto password = read_new_password(options.password_file);
    if (!password) return complain(password.error());
    request = {{"do", "account.create"}, {"name", options.account}, {"password", *password}};
  }
  const auto loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  if (const auto made = app::Certificates::open(loaded->config); !made)
    return complain(made.error());
  const int code = ask(program, request, [](const app::Json&) {});
  if (code == 0) fmt::print("ready: posthorn --config {} serve\n", program.config_path);
  return code;
}

}  // namespace

void add_init(CLI::App& app, Program& program) {
  const auto options = std::make_shared<InitOptions>();
  CLI::App* const command = app.add_subcommand(
      "init", "Set up: a configuration file, the data directory, a first account");
  command->add_option("--account", options->account, "The first account, e.g. ada@example.org");
  command
      ->add_option("--password-file", options->password_file,
                   "Its first line is the password; - is standard input")
      ->type_name("FILE");
  command->add_option("--hostname", options->hostname, "The name clients know this server by");
  command->footer(
      "What is there already stays as it is.\n"
      "Examples:\n"
      "  posthorn init --hostname mail.example.org --account ada@example.org\n"
      "  posthorn --config ./posthorn.toml --data-dir ./mail init");
  command->callback([&program, options] { program.run = [&] { return init(program, *options); }; });
}

}  // namespace posthorn::cli
