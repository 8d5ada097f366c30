#include <cstdio>

#include "cli/command_line.h"
#include "cli/program.h"

namespace posthorn::cli {
namespace {

using admin::Json;
using admin::number_of;
using admin::text_of;

struct MailboxOptions {
  std::string account;
  std::string mailbox;
  bool yes = false;
  bool json = false;
};

int list(const Program& program, const MailboxOptions& options) {
  return ask(program, {{"do", "mailbox.list"}, {"name", options.account}}, [&](const Json& said) {
    const auto* mailboxes = said.if_contains("mailboxes");
    if (mailboxes == nullptr || !mailboxes->is_array()) return;
    for (const auto& entry : mailboxes->get_array()) {
      if (options.json) {
        fmt::print("{}\n", boost::json::serialize(entry));
      } else if (entry.is_object()) {
        fmt::print("{:>9} {}\n", number_of(entry.get_object(), "messages"),
                   text_of(entry.get_object(), "mailbox"));
      }
    }
  });
}

int remove(const Program& program, const MailboxOptions& options) {
  if (!options.yes)
    return complain({ErrorKind::bad_argument,
                     "this removes the mailbox with all its mail; add --yes to confirm"});
  return ask(program,
             {{"do", "mailbox.remove"}, {"name", options.account}, {"mailbox", options.mailbox}},
             [](const Json&) {});
}

}  // namespace

void add_mailbox(Command app, Program& program) {
  const Command mailbox = app.add_subcommand("mailbox", "List and remove mailboxes");
  mailbox.require_subcommand();
  mailbox.footer(
      "Examples:\n"
      "  posthorn mailbox list ada@example.org\n"
      "  posthorn mailbox remove ada@example.org Archive/2019 --yes");
  const auto options = std::make_shared<MailboxOptions>();
  const auto subcommand = [&](const char* name, const char* help) {
    const Command made = mailbox.add_subcommand(name, help);
    made.add_option("account", options->account, "The account's address").required();
    return made;
  };

  const Command listed =
      subcommand("list", "List the mailboxes, one per line, with their numbers of messages");
  listed.add_flag("--json", options->json, "Print one JSON object per line");
  listed.callback([&program, options] {
    program.run = [&program, options] { return list(program, *options); };
  });

  const Command removed =
      subcommand("remove", "Remove a mailbox and its mail, even if it cannot be opened");
  removed.add_option("mailbox", options->mailbox, "The name, with levels separated by /")
      .required();
  removed.add_flag("--yes", options->yes, "Confirm the removal");
  removed.callback([&program, options] {
    program.run = [&program, options] { return remove(program, *options); };
  });
}

}  // namespace posthorn::cli
