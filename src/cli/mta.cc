#include <cstdio>

#include "app/mta_lines.h"
#include "cli/command_line.h"
#include "cli/program.h"

namespace posthorn::cli {
namespace {

using Lines = Result<std::string> (*)(const config::Config&);

int print_lines(const Program& program, Lines lines) {
  const Result<config::Loaded> loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  const Result<std::string> text = lines(loaded->config);
  if (!text) return complain(text.error());
  fmt::print("{}", *text);
  return 0;
}

}  // namespace

void add_mta(Command app, Program& program) {
  const Command command = app.add_subcommand(
      "mta", "Print the settings of a mail server (Postfix, Exim, chasquid) in front of Posthorn");
  command.require_subcommand();
  const auto add = [&](const char* name, const char* what, Lines lines) {
    const Command one = command.add_subcommand(name, what);
    one.callback([&program, lines] {
      program.run = [&program, lines] { return print_lines(program, lines); };
    });
  };
  add("postfix", "Lines for main.cf and master.cf", app::postfix_lines);
  add("exim", "Parts of the configuration file", app::exim_lines);
  add("chasquid", "Lines for chasquid.conf", app::chasquid_lines);
  command.footer(
      "The lines are made from the listeners in the configuration. Nothing is changed.\n"
      "Example:\n"
      "  posthorn mta postfix");
}

}  // namespace posthorn::cli
