#include <charconv>

#include "cli/backup/restore_command.h"
#include "cli/command_line.h"

namespace posthorn::cli {
namespace {

void add_query(Command command, const std::shared_ptr<RestoreOptions>& options) {
  RestoreQuery& query = options->query;
  command
      .add_option("--account", query.account,
                  "Only this account, and into the server as it is, which may be running")
      .type_name("NAME");
  command.add_option("--mailbox", query.mailboxes, "Only this mailbox; may be repeated")
      .type_name("NAME")
      .one_value();
  command.add_option("--message-id", query.message_id, "Only the message with this Message-ID")
      .type_name("ID");
  command.add_option("--from", query.from, "Only messages whose From contains this")
      .type_name("TEXT");
  command.add_option("--subject", query.subject, "Only messages whose Subject contains this")
      .type_name("TEXT");
  command.add_option("--since", options->since, "Only messages received on this day (UTC) or later")
      .type_name("YYYY-MM-DD");
  command.add_option("--before", options->before, "Only messages received before this day (UTC)")
      .type_name("YYYY-MM-DD");
}

/// Returns the first second of a day; none for an empty text.
Result<std::optional<std::int64_t>> parse_day(const std::string& text) {
  if (text.empty()) return std::nullopt;
  Date date;
  const auto number = [&](std::size_t at, std::size_t digits, auto& value) {
    const char* const end = text.data() + at + digits;
    const auto read = std::from_chars(text.data() + at, end, value);
    return read.ec == std::errc() && read.ptr == end;
  };
  if (text.size() == 10 && text[4] == '-' && text[7] == '-' && number(0, 4, date.year) &&
      number(5, 2, date.month) && number(8, 2, date.day) && date_from(days_from(date)) == date)
    return days_from(date) * 86400;
  return fail(ErrorKind::bad_argument, fmt::format("'{}' is not a date like 2026-11-29", text));
}

int restore(const Program& program, RestoreOptions options) {
  RestoreQuery& query = options.query;
  if (!options.as_of.empty()) {
    if (!options.name.empty() || !query.account.empty() || !query.mailboxes.empty() ||
        query.asks_for_header() || !options.since.empty() || !options.before.empty())
      return complain({ErrorKind::bad_argument,
                       "--as-of uses no backup, and is for a whole account: restore ACCOUNT "
                       "--as-of TIME"});
    return restore_as_of(program, options);
  }
  const auto since = parse_day(options.since);
  if (!since) return complain(since.error());
  const auto before = parse_day(options.before);
  if (!before) return complain(before.error());
  query.since = *since;
  query.before = *before;
  if (!query.account.empty()) return restore_account(program, options);
  if (!query.mailboxes.empty() || query.asks_for_header() || query.since || query.before)
    return complain({ErrorKind::bad_argument, "say whose mail: --account NAME"});
  return restore_server(program, options);
}

}  // namespace

void add_restore(Command app, Program& program) {
  const auto options = std::make_shared<RestoreOptions>();
  const Command command = app.add_subcommand(
      "restore",
      "Restore a server or mail from a backup, or an account as it was at an earlier time");
  command
      .add_option("dir", options->folder,
                  "The folder with the backups; with --as-of, the account's address")
      .required();
  command.add_option("--backup", options->name, "Which backup; the newest if it is not given")
      .type_name("NAME");
  add_query(command, options);
  command
      .add_option("--scratch", options->scratch,
                  "With --account: where to make a temporary folder; some MB are written there")
      .type_name("DIR");
  command
      .add_option("--as-of", options->as_of,
                  "Undo what happened to an account after this time, such as '2026-11-20 14:00' "
                  "(local time; UTC with a Z at the end), or in such a time, as 2h")
      .type_name("TIME");
  command.add_flag("--dry-run", options->dry_run, "Only print what would be restored");
  command.add_flag("--json", options->json, "With --as-of: print the result as one JSON object");
  command.footer(
      "Without --account, everything is restored. The data directory must then be empty, and no\n"
      "server may run on it. Files that were outside the data directory, such as the\n"
      "configuration, are put into its folder \"restored-config\". See docs/backup.md before you\n"
      "start the restored server.\n"
      "With --account, messages that the account does not have are added to it as new ones.\n"
      "Nothing is changed or removed, so the command may be repeated. An account that does not\n"
      "exist any more comes back as it was, with its UIDs, password and settings.\n"
      "With --as-of, no backup is needed: flags, moves, deletions and names of mailboxes are "
      "undone\n"
      "in one change, as far as the history reaches (storage.journal_horizon). Mail that has\n"
      "arrived since stays. The same command with a later time undoes it.\n"
      "Examples:\n"
      "  posthorn --data-dir /var/lib/posthorn restore /var/backups/posthorn\n"
      "  posthorn restore /var/backups/posthorn --account ada@example.org --dry-run\n"
      "  posthorn restore /var/backups/posthorn --backup 2026-11-29T020000Z \\\n"
      "    --account ada@example.org --mailbox Projects --subject invoice\n"
      "  posthorn restore ada@example.org --as-of '2026-11-20 14:00' --dry-run");
  command.callback([&program, options] {
    program.run = [&program, options] { return restore(program, *options); };
  });
}

}  // namespace posthorn::cli
