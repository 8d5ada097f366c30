#include <cstdio>

#include "cli/account/account_commands.h"

// `posthorn account capabilities`
namespace posthorn::cli {
namespace {

using admin::Json;

struct CapabilityOptions {
  std::string name;
  std::string app_password;
  std::vector<std::string> without;
  bool reset = false;
  bool json = false;
};

void print_names(const Json& said, std::string_view member, std::string_view note) {
  const auto names = admin::texts_of(said, member);
  if (!names) return;
  for (const std::string& name : *names) fmt::print("{}{}\n", name, note);
}

int mask(const Program& program, const CapabilityOptions& options) {
  Json request{{"do", "account.capabilities"},
               {"name", options.name},
               {"without", boost::json::array(options.without.begin(), options.without.end())},
               {"reset", options.reset}};
  if (!options.app_password.empty()) request["app_password"] = options.app_password;
  return ask(program, request, [&](const Json& said) {
    if (options.json) {
      fmt::print("{}\n", boost::json::serialize(said));
      return;
    }
    print_names(said, "without", "");
    print_names(said, "also", " (stands on one of the others)");
  });
}

}  // namespace

void add_account_capabilities(Command account, Program& program) {
  const auto options = std::make_shared<CapabilityOptions>();
  const Command made =
      account.add_subcommand("capabilities", "Switch off IMAP capabilities for one account");
  made.add_option("name", options->name, "The account's address").required();
  made.add_option("--without", options->without,
                  "A capability that is not offered any more, and whose commands are refused; may "
                  "be repeated")
      .type_name("NAME")
      .one_value();
  made.add_flag("--reset", options->reset,
                "Offer everything again, apart from what --without names");
  made.add_option("--app-password", options->app_password,
                  "Only for logins with this app password, besides what is switched off for the "
                  "account")
      .type_name("LABEL");
  made.add_flag("--json", options->json, "Print a JSON object");
  made.footer(
      "Prints what is switched off then, one per line; without options, what it is now. For\n"
      "programs that misuse what they are offered. It applies from the next login on; `posthorn\n"
      "kick` ends sessions.\n\n"
      "Examples:\n"
      "  posthorn account capabilities ada@example.org --without UIDONLY\n"
      "  posthorn account capabilities ada@example.org --app-password phone --without QRESYNC\n"
      "  posthorn account capabilities ada@example.org --reset");
  made.callback([&program, options] {
    program.run = [&program, options] { return mask(program, *options); };
  });
}

}  // namespace posthorn::cli
