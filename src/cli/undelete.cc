#include <cstdio>
#include <ctime>

#include "cli/command_line.h"
#include "cli/program.h"
#include "config/value.h"

namespace posthorn::cli {
namespace {

using admin::flag_of;
using admin::Json;
using admin::number_of;
using admin::text_of;

struct UndeleteOptions {
  std::string account;
  std::string since = "30d";
  std::string mailbox;
  std::string message_id;
  std::string into;
  bool dry_run = false;
  bool json = false;
};

void report(const Json& said, bool dry_run) {
  std::uint64_t messages = 0;
  if (const auto* places = said.if_contains("places"); places != nullptr && places->is_array()) {
    for (const auto& entry : places->get_array()) {
      if (!entry.is_object()) continue;
      const Json& place = entry.get_object();
      messages += number_of(place, "messages");
      fmt::print("{:>9} {}{}\n", number_of(place, "messages"), text_of(place, "mailbox"),
                 flag_of(place, "created") ? " (created)" : "");
    }
  }
  fmt::print(stderr, "messages {}: {}\n", dry_run ? "to bring back" : "brought back", messages);
  if (const std::uint64_t lost = number_of(said, "lost"); lost > 0)
    fmt::print(stderr, "removed too long ago, their content is gone: {}\n", lost);
}

int undelete(const Program& program, const UndeleteOptions& options) {
  const Result<config::Duration> age = config::parse_duration(options.since);
  if (!age) return complain(age.error());
  const std::int64_t since =
      std::time(nullptr) - std::chrono::duration_cast<std::chrono::seconds>(*age).count();
  return ask(program,
             {{"do", "message.undelete"},
              {"name", options.account},
              {"since", std::max<std::int64_t>(since, 0)},
              {"mailbox", options.mailbox},
              {"message_id", options.message_id},
              {"into", options.into},
              {"dry_run", options.dry_run}},
             [&](const Json& said) {
               if (options.json) {
                 fmt::print("{}\n", boost::json::serialize(said));
               } else {
                 report(said, options.dry_run);
               }
             });
}

}  // namespace

void add_undelete(Command app, Program& program) {
  const auto options = std::make_shared<UndeleteOptions>();
  const Command command =
      app.add_subcommand("undelete", "Bring back messages and mailboxes that were deleted");
  command.add_option("account", options->account, "The account's address").required();
  command
      .add_option("--since", options->since,
                  "Only what was deleted at most this long ago, such as 2d or 3h")
      .type_name("AGE")
      .default_str("30d");
  command.add_option("--mailbox", options->mailbox, "Only what was deleted from this mailbox")
      .type_name("NAME");
  command.add_option("--message-id", options->message_id, "Only the message with this Message-ID")
      .type_name("ID");
  command
      .add_option("--into", options->into,
                  "Put the messages into this mailbox, not where they were")
      .type_name("NAME");
  command.add_flag("--dry-run", options->dry_run, "Only print what would be brought back");
  command.add_flag("--json", options->json, "Print the result as one JSON object");
  command.footer(
      "Deleted messages are kept for storage.expunged_retention. Messages that exist in some\n"
      "mailbox are left alone. What was moved to Trash before it was deleted comes back to Trash.\n"
      "With --mailbox, a deleted mailbox comes back also if it was empty. An account that was\n"
      "removed comes back with 'posthorn account undelete'.\n"
      "Examples:\n"
      "  posthorn undelete ada@example.org --since 2d --dry-run\n"
      "  posthorn undelete ada@example.org --mailbox Archive/2025\n"
      "  posthorn undelete ada@example.org --message-id '<x@example.net>' --into INBOX");
  command.callback([&program, options] {
    program.run = [&program, options] { return undelete(program, *options); };
  });
}

}  // namespace posthorn::cli
