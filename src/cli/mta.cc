#include <fcntl.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "app/mta_check.h"
#include "app/mta_lines.h"
#include "cli/command_line.h"
#include "cli/program.h"

namespace posthorn::cli {
namespace {

using Lines = Result<std::string> (*)(const config::Config&);

struct MtaOptions {
  bool check = false;
  std::string postfix_config;
};

int print_lines(const Program& program, Lines lines) {
  const Result<config::Loaded> loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  const Result<std::string> text = lines(loaded->config);
  if (!text) return complain(text.error());
  fmt::print("{}", *text);
  return 0;
}

/// Runs a program and returns its standard output. Errors: not_found, io.
Result<std::string> output_of(const std::vector<std::string>& command) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    return fail(ErrorKind::io, "no pipe can be made", std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error =
      ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  std::string output;
  std::array<char, 4096> buffer{};
  ssize_t got = 0;
  while (error == 0 && (got = ::read(pipe[0], buffer.data(), buffer.size())) > 0)
    output.append(buffer.data(), static_cast<std::size_t>(got));
  ::close(pipe[0]);
  if (error != 0)
    return fail(ErrorKind::not_found, fmt::format("{} cannot be run", command[0]),
                std::strerror(error));
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) return fail(ErrorKind::io, fmt::format("{} failed", fmt::join(command, " ")));
  return output;
}

/// Asks Postfix for all its settings and for those of its services.
Result<app::PostfixSettings> ask_postfix(const std::string& config) {
  std::vector<std::string> postconf{"postconf"};
  if (!config.empty()) postconf.insert(postconf.end(), {"-c", config});
  auto main = output_of(postconf);
  if (!main) return pass(main);
  postconf.emplace_back("-P");
  auto services = output_of(postconf);
  if (!services) return pass(services);
  app::PostfixSettings settings = app::parse_postconf(*main);
  settings.merge(app::parse_postconf(*services));
  return settings;
}

int check_postfix(const Program& program, const MtaOptions& options) {
  const Result<config::Loaded> loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  const Result<std::string> lines = app::postfix_lines(loaded->config);
  if (!lines) return complain(lines.error());
  const Result<app::PostfixSettings> found = ask_postfix(options.postfix_config);
  if (!found) return complain(found.error());
  const auto differences = app::compare_postfix(app::parse_postfix_lines(*lines), *found);
  for (const app::PostfixDifference& difference : differences)
    fmt::print("{}: it is '{}' and should be '{}'\n", difference.name, difference.found,
               difference.wanted);
  if (!differences.empty()) return kFindings;
  fmt::print(stderr, "Postfix is configured as `posthorn mta postfix` prints it\n");
  return 0;
}

}  // namespace

void add_mta(Command app, Program& program) {
  const Command command = app.add_subcommand(
      "mta", "Print the settings of a mail server (Postfix, Exim, chasquid) in front of Posthorn");
  command.require_subcommand();
  const auto options = std::make_shared<MtaOptions>();
  const auto add = [&](const char* name, const char* what, Lines lines) {
    const Command one = command.add_subcommand(name, what);
    one.callback([&program, options, lines] {
      program.run = [&program, options, lines] {
        return options->check ? check_postfix(program, *options) : print_lines(program, lines);
      };
    });
    return one;
  };
  const Command postfix = add("postfix", "Lines for main.cf and master.cf", app::postfix_lines);
  postfix.add_flag("--check", options->check,
                   "Compare the lines with the settings of Postfix on this machine; exit code 3 if "
                   "some differ");
  postfix
      .add_option("--postfix-config", options->postfix_config,
                  "The configuration directory of Postfix, for --check")
      .type_name("DIR");
  add("exim", "Parts of the configuration file", app::exim_lines);
  add("chasquid", "Lines for chasquid.conf", app::chasquid_lines);
  command.footer(
      "The lines are made from the listeners in the configuration. Nothing is changed.\n"
      "Example:\n"
      "  posthorn mta postfix\n"
      "  posthorn mta postfix --check");
}

}  // namespace posthorn::cli
