#include <cstdio>

#include "app/machine/memory_plan.h"
#include "base/version.h"
#include "cli/command_line.h"
#include "cli/program.h"
#include "config/show.h"

namespace posthorn::cli {
namespace {

using admin::Json;
using admin::number_of;

struct CheckOptions {
  bool deep = false;
  bool repair = false;
  bool json = false;
};

void print_lines(const Json& said, std::string_view member, std::string_view before) {
  const auto* lines = said.if_contains(member);
  if (lines == nullptr || !lines->is_array()) return;
  for (const auto& line : lines->get_array())
    if (line.is_string()) fmt::print("{}{}\n", before, std::string_view(line.get_string()));
}

int report(const Json& said, bool as_json) {
  const auto* findings = said.if_contains("findings");
  const bool clean = findings != nullptr && findings->is_array() && findings->get_array().empty();
  if (as_json) {
    fmt::print("{}\n", boost::json::serialize(said));
    return clean ? 0 : kFindings;
  }
  print_lines(said, "findings", "");
  print_lines(said, "repaired", "repaired: ");
  fmt::print(stderr, "{} accounts, {} mailboxes, {} messages: {}\n", number_of(said, "accounts"),
             number_of(said, "mailboxes"), number_of(said, "messages"),
             clean ? "no faults found" : "faults found");
  return clean ? 0 : kFindings;
}

/// Data that is too damaged to be opened is a finding as well.
int cannot_look(const Error& error) {
  const int code = complain(error);
  return error.kind == ErrorKind::corrupt ? kFindings : code;
}

}  // namespace

void add_check(Command app, Program& program) {
  const auto options = std::make_shared<CheckOptions>();
  const Command check = app.add_subcommand("check", "Verify everything that is stored");
  check.add_flag("--deep", options->deep, "Also read the body of every message");
  check.add_flag("--repair", options->repair,
                 "Rebuild the counts of mailboxes that do not match their messages");
  check.add_flag("--json", options->json, "Print the report as one JSON object");
  check.footer(
      "Prints one line for each fault. The exit code is 0 if there are none, 3 if there are some,\n"
      "and 1 if the check failed. If a server is running, the check is done by the server.\n"
      "--repair keeps every message that can be read, names those that cannot, and changes\n"
      "nothing else. Exit code 3 means that faults were found, repaired or not, so check again.\n"
      "Example:\n  posthorn --data-dir /var/lib/posthorn check --deep");
  check.callback([&program, options] {
    program.run = [&program, options] {
      int code = kFailed;
      const int asked = ask(
          program, {{"do", "check"}, {"deep", options->deep}, {"repair", options->repair}},
          [&](const Json& said) { code = report(said, options->json); }, engine::IfAbsent::refuse,
          cannot_look);
      return asked != 0 ? asked : code;
    };
  });
}

void add_config(Command app, Program& program) {
  const Command config = app.add_subcommand("config", "Show and verify the configuration");
  config.require_subcommand();
  config.footer("Examples:\n  posthorn config show\n  posthorn --config new.toml config check");
  const Command show =
      config.add_subcommand("show", "Print every value in effect and where it was set");
  show.callback([&program] {
    program.run = [&program] {
      const auto loaded = load_config(program);
      if (!loaded) return complain(loaded.error());
      fmt::print("{}\n# Memory of the store: {}\n", config::show(*loaded),
                 app::describe(app::plan_memory(loaded->config, app::available_memory())));
      return 0;
    };
  });
  const Command check = config.add_subcommand("check", "Verify the configuration");
  check.callback([&program] {
    program.run = [&program] {
      const auto loaded = load_config(program);
      if (!loaded) return complain(loaded.error());
      for (const std::string& warning : loaded->warnings) fmt::print(stderr, "{}\n", warning);
      fmt::print("The configuration is valid.\n");
      return 0;
    };
  });
  const Command example =
      config.add_subcommand("example", "Print a configuration file with every key at its default");
  example.callback([&program] {
    program.run = [] {
      fmt::print("{}", config::example_file());
      return 0;
    };
  });
}

void add_version(Command app, Program& program) {
  app.add_subcommand("version", "Print the version").callback([&program] {
    program.run = [] {
      fmt::print("posthorn {}\n", kProgramVersion);
      return 0;
    };
  });
}

}  // namespace posthorn::cli
