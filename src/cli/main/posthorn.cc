#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "base/version.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  using posthorn::cli::Program;
  Program program;
  CLI::App app("Posthorn keeps people's mail and lets them reach it from every device at once.",
               "posthorn");
  app.set_version_flag("--version", "posthorn " + std::string(posthorn::kProgramVersion));
  app.require_subcommand(1);
  app.add_option("-c,--config", program.config_path, "The configuration file")->type_name("FILE");
  app.add_option("--data-dir", program.data_dir, "Short for --set data_dir=DIR")->type_name("DIR");
  app.add_option("--set", program.settings, "Set one key of the configuration; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.footer(
      "If a server is running on the same data directory, commands use it to read and change "
      "data.\n"
      "posthorn COMMAND --help explains each command.\n"
      "Examples:\n"
      "  posthorn demo                      # try it\n"
      "  posthorn init --account ada@example.org && posthorn serve");
  const posthorn::cli::Command command(app);
  posthorn::cli::add_init(command, program);
  posthorn::cli::add_serve(command, program);
  posthorn::cli::add_demo(command, program);
  posthorn::cli::add_account(command, program);
  posthorn::cli::add_alias(command, program);
  posthorn::cli::add_mailbox(command, program);
  posthorn::cli::add_team(command, program);
  posthorn::cli::add_queue(command, program);
  posthorn::cli::add_import(command, program);
  posthorn::cli::add_export(command, program);
  posthorn::cli::add_undelete(command, program);
  posthorn::cli::add_index(command, program);
  posthorn::cli::add_sessions(command, program);
  posthorn::cli::add_node(command, program);
  posthorn::cli::add_backup(command, program);
  posthorn::cli::add_restore(command, program);
  posthorn::cli::add_status(command, program);
  posthorn::cli::add_check(command, program);
  posthorn::cli::add_salvage(command, program);
  posthorn::cli::add_doctor(command, program);
  posthorn::cli::add_dns(command, program);
  posthorn::cli::add_mta(command, program);
  posthorn::cli::add_config(command, program);
  posthorn::cli::add_version(command, program);
  CLI11_PARSE(app, argc, argv);
  try {
    return program.run ? program.run() : posthorn::cli::kFailed;
  } catch (const std::exception& error) {
    // Thrown by the standard library if there is no memory or no thread.
    std::fprintf(stderr, "posthorn: not enough memory or threads: %s\n", error.what());
    return posthorn::cli::kFailed;
  }
}
