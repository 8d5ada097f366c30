#include "cli/account/account_commands.h"

// `posthorn account hold` and `unhold`
namespace posthorn::cli {
namespace {

using admin::Json;

struct HoldOptions {
  std::string name;
  std::string reason;
};

}  // namespace

void add_account_hold(Command account, Program& program) {
  const auto options = std::make_shared<HoldOptions>();
  const auto subcommand = [&](const char* name, const char* help) {
    const Command made = account.add_subcommand(name, help);
    made.add_option("name", options->name, "The account's address").required();
    return made;
  };
  const Command held =
      subcommand("hold", "Keep everything of an account, also what its user deletes");
  held.add_option("--reason", options->reason, "Shown by `posthorn account list --json`")
      .type_name("TEXT");
  held.footer(
      "While an account is held, deleted messages and mailboxes can be brought back however long\n"
      "ago they were deleted (`posthorn undelete --since`), and the account cannot be removed. "
      "Its\n"
      "user notices nothing. What was dropped before cannot be kept any more.\n\n"
      "Example:\n"
      "  posthorn account hold ada@example.org --reason 'Case 2026-17'");
  held.callback([&program, options] {
    program.run = [&program, options] {
      return ask(program,
                 {{"do", "account.hold"}, {"name", options->name}, {"reason", options->reason}},
                 [](const Json&) {});
    };
  });
  subcommand("unhold", "End a hold: what is older than the horizon is dropped again")
      .callback([&program, options] {
        program.run = [&program, options] {
          return ask(program, {{"do", "account.unhold"}, {"name", options->name}},
                     [](const Json&) {});
        };
      });
}

}  // namespace posthorn::cli
