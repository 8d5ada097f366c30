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
  std::string identifier;
  std::string rights = "lrs";
  std::string after;  ///< Of expire.
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

int expire(const Program& program, const MailboxOptions& options) {
  return ask(program,
             {{"do", "mailbox.expire"},
              {"name", options.account},
              {"mailbox", options.mailbox},
              {"after", options.after}},
             [&](const Json& said) {
               if (options.json) {
                 fmt::print("{}\n", boost::json::serialize(said));
               } else {
                 fmt::print("{}{}\n", text_of(said, "after"),
                            said.contains("own") ? "" : " (default)");
               }
             });
}

void print_shares(const MailboxOptions& options, const Json& said) {
  const auto* entries = said.if_contains("entries");
  if (entries == nullptr || !entries->is_array()) return;
  for (const auto& entry : entries->get_array()) {
    if (options.json) {
      fmt::print("{}\n", boost::json::serialize(entry));
    } else if (entry.is_object()) {
      fmt::print("{:<13} {}\n", text_of(entry.get_object(), "rights"),
                 text_of(entry.get_object(), "identifier"));
    }
  }
}

int shares(const Program& program, const MailboxOptions& options) {
  return ask(program,
             {{"do", "mailbox.shares"}, {"name", options.account}, {"mailbox", options.mailbox}},
             [&](const Json& said) { print_shares(options, said); });
}

int share(const Program& program, const MailboxOptions& options) {
  return ask(program,
             {{"do", "mailbox.share"},
              {"name", options.account},
              {"mailbox", options.mailbox},
              {"identifier", options.identifier},
              {"rights", options.rights}},
             [&](const Json& said) { print_shares(options, said); });
}

int unshare(const Program& program, const MailboxOptions& options) {
  return ask(program,
             {{"do", "mailbox.unshare"},
              {"name", options.account},
              {"mailbox", options.mailbox},
              {"identifier", options.identifier}},
             [&](const Json& said) { print_shares(options, said); });
}

}  // namespace

void add_mailbox(Command app, Program& program) {
  const Command mailbox = app.add_subcommand("mailbox", "List, share, expire and remove mailboxes");
  mailbox.require_subcommand();
  mailbox.footer(
      "Examples:\n"
      "  posthorn mailbox list ada@example.org\n"
      "  posthorn mailbox share ada@example.org Projects bob@example.org --rights lrswi\n"
      "  posthorn mailbox shares ada@example.org Projects\n"
      "  posthorn mailbox unshare ada@example.org Projects bob@example.org\n"
      "  posthorn mailbox expire ada@example.org Lists/announce 90d\n"
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

  const auto of_mailbox = [&](const char* name, const char* help) {
    const Command made = subcommand(name, help);
    made.add_option("mailbox", options->mailbox, "The name, with levels separated by /").required();
    made.add_flag("--json", options->json, "Print one JSON object per line");
    return made;
  };
  constexpr const char* kWith =
      "A login name, group:NAME, or anyone; with - in front to take rights away";

  const Command shared =
      of_mailbox("share", "Let others use a mailbox, or change what they may do");
  shared.add_option("with", options->identifier, kWith).required();
  shared.add_option(
      "--rights", options->rights,
      "What they may do, as letters of RFC 4314: l see the name, r read, s keep \\Seen, "
      "w set flags, i add messages, k create mailboxes below, x remove the mailbox, "
      "t mark and e remove messages, a share it further (default: lrs)");
  shared.callback([&program, options] {
    program.run = [&program, options] { return share(program, *options); };
  });

  const Command unshared = of_mailbox("unshare", "Take back what was granted to somebody");
  unshared.add_option("with", options->identifier, kWith).required();
  unshared.callback([&program, options] {
    program.run = [&program, options] { return unshare(program, *options); };
  });

  const Command listed_shares = of_mailbox("shares", "List who may use a mailbox, one per line");
  listed_shares.callback([&program, options] {
    program.run = [&program, options] { return shares(program, *options); };
  });

  const Command expired =
      of_mailbox("expire", "Set or show the age at which messages are removed from a mailbox");
  expired
      .add_option("after", options->after,
                  "An age in days such as 30d, never, or default: what the use of the mailbox "
                  "says (retention.trash, retention.junk). Without it, what applies is shown")
      .type_name("AGE");
  expired.callback([&program, options] {
    program.run = [&program, options] { return expire(program, *options); };
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
