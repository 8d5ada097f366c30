#include <cstdio>

#include "app/machine/confine.h"
#include "app/machine/memory_plan.h"
#include "app/machine/privileges.h"
#include "app/server.h"
#include "base/log.h"
#include "base/log_event.h"
#include "base/version.h"
#include "cli/command_line.h"
#include "cli/program.h"
#include "cli/ready_file.h"

namespace posthorn::cli {
namespace {

struct ServeOptions {
  std::string ready_file;
  bool accept_loss = false;
};

int serve(const Program& program, const ServeOptions& options) {
  Result<config::Loaded> loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  log::set_level(loaded->config.log.level);
  log::set_form(loaded->config.log.format);
  for (const std::string& warning : loaded->warnings) log::warning("{}", warning);
  log::info("posthorn {} on {}", kProgramVersion, loaded->config.data_dir);
  log::info("memory of the store: {}",
            app::describe(app::plan_memory(loaded->config, app::available_memory())));
  config::Config config = loaded->config;
  auto sockets = app::give_up_root(config);
  if (!sockets) return complain(sockets.error());
  app::WrittenPlaces places;
  if (!options.ready_file.empty()) places.files.push_back(options.ready_file);
  if (Status confined = app::confine(config, places); !confined) return complain(confined.error());
  auto server =
      app::Server::start({.config = std::move(config),
                          .losses = options.accept_loss ? app::Losses::accept : app::Losses::refuse,
                          .sockets = std::move(*sockets)});
  if (!server) return complain(server.error());
  app::RunHooks hooks;
  hooks.on_ready = [&]() -> Status {
    if (options.ready_file.empty()) return {};
    return write_ready_file(options.ready_file, (*server)->addresses());
  };
  hooks.reload_config = [&]() -> Result<config::Config> {
    Result<config::Loaded> fresh = load_config(program);
    if (!fresh) return pass(fresh);
    for (const std::string& key : config::difference(loaded->config, fresh->config).need_restart)
      log::warning("{} has changed; the new value takes effect after a restart", key);
    loaded = std::move(fresh);
    return loaded->config;
  };
  const Status ran = app::run_until_signal(**server, hooks);
  return ran ? 0 : complain(ran.error());
}

}  // namespace

void add_serve(Command app, Program& program) {
  const auto options = std::make_shared<ServeOptions>();
  const Command command = app.add_subcommand("serve", "Run the server in the foreground");
  command
      .add_option("--ready-file", options->ready_file,
                  "Write the ports to this file, as a JSON object, once the server listens")
      .type_name("FILE");
  command.add_flag(
      "--accept-loss", options->accept_loss,
      "Start although acknowledged changes are lost, as reported at the previous start");
  command.footer(
      "SIGHUP reloads the configuration and the certificates; SIGTERM and SIGINT stop the server.\n"
      "Examples:\n"
      "  posthorn --config /etc/posthorn/posthorn.toml serve\n"
      "  posthorn --data-dir ~/mail --set listen.imap=127.0.0.1:1143 serve");
  command.callback([&program, options] {
    program.run = [&program, options] { return serve(program, *options); };
  });
}

}  // namespace posthorn::cli
