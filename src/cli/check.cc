#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/version.h"
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
             clean ? "all is well" : "not as it should be");
  return clean ? 0 : kFindings;
}

/// Data that is too damaged to be opened is a finding as well.
int cannot_look(const Error& error) {
  const int code = complain(error);
  return error.kind == ErrorKind::corrupt ? kFindings : code;
}

}  // namespace

void add_check(CLI::App& app, Program& program) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App* const check = app.add_subcommand("check", "Verify everything that is stored");
  check->add_flag("--deep", options->deep, "Read every message's body too");
  check->add_flag("--repair", options->repair,
                  "Make the heads of mailboxes from their rows where they do not match");
  check->add_flag("--json", options->json, "The report as one JSON object");
  check->footer(
      "Prints one line for each thing that is wrong; exit code 0 when there is none, 3 when there\n"
      "is, 1 when it could not look. With a server running it looks through that. --repair keeps\n"
      "every message that can be read, says which cannot, and changes nothing else; exit code 3 "
      "says\n"
      "that something was found, repaired or not, so check again.\n"
      "Example:\n  posthorn --data-dir /var/lib/posthorn check --deep");
  check->callback([&program, options] {
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

void add_config(CLI::App& app, Program& program) {
  CLI::App* const config = app.add_subcommand("config", "What is configured");
  config->require_subcommand(1);
  config->footer("Examples:\n  posthorn config show\n  posthorn --config new.toml config check");
  CLI::App* const show =
      config->add_subcommand("show", "Every value in force, and where it came from");
  show->callback([&program] {
    program.run = [&program] {
      const auto loaded = load_config(program);
      if (!loaded) return complain(loaded.error());
      fmt::print("{}", config::show(*loaded));
      return 0;
    };
  });
  CLI::App* const check = config->add_subcommand("check", "Whether it can be understood");
  check->callback([&program] {
    program.run = [&program] {
      const auto loaded = load_config(program);
      if (!loaded) return complain(loaded.error());
      for (const std::string& warning : loaded->warnings) fmt::print(stderr, "{}\n", warning);
      fmt::print("good\n");
      return 0;
    };
  });
  CLI::App* const example =
      config->add_subcommand("example", "A file with every key at its default");
  example->callback([&program] {
    program.run = [] {
      fmt::print("{}", config::example_file());
      return 0;
    };
  });
}

void add_version(CLI::App& app, Program& program) {
  app.add_subcommand("version", "Which version this is")->callback([&program] {
    program.run = [] {
      fmt::print("posthorn {}\n", kProgramVersion);
      return 0;
    };
  });
}

}  // namespace posthorn::cli
