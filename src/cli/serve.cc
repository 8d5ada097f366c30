#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/server.h"
#include "base/log.h"
#include "base/version.h"
#include "cli/program.h"
#include "cli/ready_file.h"

namespace posthorn::cli {
namespace {

int serve(const Program& program, const std::string& ready_file) {
  Result<config::Loaded> loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  log::set_level(loaded->config.log.level);
  for (const std::string& warning : loaded->warnings) log::warning("{}", warning);
  log::info("posthorn {} on {}", kProgramVersion, loaded->config.data_dir);
  auto server = app::Server::start({.config = loaded->config});
  if (!server) return complain(server.error());
  app::RunHooks hooks;
  hooks.on_ready = [&]() -> Status {
    return ready_file.empty() ? Status() : write_ready_file(ready_file, (*server)->addresses());
  };
  hooks.reload_config = [&]() -> Result<config::Config> {
    Result<config::Loaded> fresh = load_config(program);
    if (!fresh) return pass(fresh);
    for (const std::string& key : config::difference(loaded->config, fresh->config).need_restart)
      log::warning("{} has changed, which takes a restart", key);
    loaded = std::move(fresh);
    return loaded->config;
  };
  const Status ran = app::run_until_signal(**server, hooks);
  return ran ? 0 : complain(ran.error());
}

}  // namespace

void add_serve(CLI::App& app, Program& program) {
  const auto ready_file = std::make_shared<std::string>();
  CLI::App* const command = app.add_subcommand("serve", "Run the server in the foreground");
  command
      ->add_option("--ready-file", *ready_file,
                   "Written once it listens: a JSON object with the ports")
      ->type_name("FILE");
  command->footer(
      "SIGHUP reads configuration and certificates again; SIGTERM and SIGINT end it in order.\n"
      "Examples:\n"
      "  posthorn --config /etc/posthorn/posthorn.toml serve\n"
      "  posthorn --data-dir ~/mail --set listen.imap=127.0.0.1:1143 serve");
  command->callback(
      [&program, ready_file] { program.run = [&] { return serve(program, *ready_file); }; });
}

}  // namespace posthorn::cli
