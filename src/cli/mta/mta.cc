#include <cstdio>

#include "app/mta/mta_check.h"
#include "app/mta/mta_lines.h"
#include "cli/command_line.h"
#include "cli/mta/postfix.h"
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
