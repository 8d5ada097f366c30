
#include "cli/command_line.h"
#include "cli/listed.h"
#include "cli/program.h"
#include "message/header/date.h"

namespace posthorn::cli {
namespace {

using admin::Json;
using admin::number_of;
using admin::text_of;

struct QueueOptions {
  std::string id;
  std::string account;
  std::vector<std::string> recipients;
  bool all = false;
  bool report = false;
  bool json = false;
};

std::string date_of(const Json& json, std::string_view member) {
  return message::format_date({static_cast<std::int64_t>(number_of(json, member)), 0});
}

void print_entry(const Json& entry) {
  fmt::print("{}  {} octets  {}  from <{}>\n", text_of(entry, "id"), number_of(entry, "size"),
             date_of(entry, "submitted"), text_of(entry, "from"));
  fmt::print("    {} of {} recipients waiting, next attempt {}\n", number_of(entry, "waiting"),
             number_of(entry, "recipients"), date_of(entry, "next_attempt"));
  if (!text_of(entry, "last_status").empty()) fmt::print("    {}\n", text_of(entry, "last_status"));
}

void print_recipient(const Json& recipient) {
  fmt::print("    {:<10} <{}>", text_of(recipient, "state"), text_of(recipient, "address"));
  if (number_of(recipient, "attempts") != 0)
    fmt::print(", attempts: {}", number_of(recipient, "attempts"));
  if (recipient.contains("next_attempt"))
    fmt::print(", next {}", date_of(recipient, "next_attempt"));
  if (recipient.contains("last_status"))
    fmt::print("\n               {}", text_of(recipient, "last_status"));
  fmt::print("\n");
}

void print_whole(const Json& entry) {
  fmt::print("{}\n  from <{}>, {} octets\n  submitted {}\n  expires {}\n", text_of(entry, "id"),
             text_of(entry, "from"), number_of(entry, "size"), date_of(entry, "submitted"),
             date_of(entry, "expires"));
  if (number_of(entry, "hold_until") != 0)
    fmt::print("  held until {}\n", date_of(entry, "hold_until"));
  if (!text_of(entry, "session").empty()) fmt::print("  session {}\n", text_of(entry, "session"));
  const auto* const recipients = entry.if_contains("recipients");
  if (recipients == nullptr || !recipients->is_array()) return;
  for (const auto& one : recipients->get_array())
    if (one.is_object()) print_recipient(one.get_object());
}

int list(const Program& program, const QueueOptions& options) {
  return print_listed(program, {{"do", "queue.list"}, {"name", options.account}}, "entries",
                      options.json, print_entry);
}

int show(const Program& program, const QueueOptions& options) {
  return ask(program, {{"do", "queue.show"}, {"id", options.id}}, [&](const Json& said) {
    if (options.json) {
      fmt::print("{}\n", boost::json::serialize(said));
    } else {
      print_whole(said);
    }
  });
}

int retry(const Program& program, const QueueOptions& options) {
  if (options.id.empty() != options.all)
    return complain({ErrorKind::bad_argument, "name either one message by its id, or --all"});
  return ask(program, {{"do", "queue.retry"}, {"id", options.id}, {"all", options.all}},
             [](const Json& said) {
               fmt::print("messages that will be tried now: {}\n", number_of(said, "changed"));
             });
}

int cancel(const Program& program, const QueueOptions& options) {
  boost::json::array recipients(options.recipients.begin(), options.recipients.end());
  return ask(program,
             {{"do", "queue.cancel"},
              {"id", options.id},
              {"recipients", std::move(recipients)},
              {"report", options.report}},
             [](const Json& said) {
               fmt::print("{} recipients cancelled\n", number_of(said, "changed"));
             });
}

}  // namespace

void add_queue(Command app, Program& program) {
  const Command queue = app.add_subcommand("queue", "Manage mail that is waiting to be sent");
  queue.require_subcommand();
  queue.footer(
      "Examples:\n"
      "  posthorn queue list\n"
      "  posthorn queue show ada@example.org/812\n"
      "  posthorn queue retry --all\n"
      "  posthorn queue cancel ada@example.org/812 --report");
  const auto options = std::make_shared<QueueOptions>();
  const auto run = [&program, options](int (*what)(const Program&, const QueueOptions&)) {
    return [&program, options, what] {
      program.run = [&program, options, what] { return what(program, *options); };
    };
  };
  const auto with_id = [&](Command command) {
    return command.add_option("id", options->id, "The id of a message, as shown by `queue list`");
  };

  const Command listed =
      queue.add_subcommand("list", "List waiting messages with the last reply for each");
  listed.add_option("--account", options->account, "List only messages of this account")
      .type_name("NAME");
  listed.add_flag("--json", options->json, "Print one JSON object per line");
  listed.callback(run(list));

  const Command shown = queue.add_subcommand("show", "Show one message and its recipients");
  with_id(shown).required();
  shown.add_flag("--json", options->json, "Print a JSON object");
  shown.callback(run(show));

  const Command retried = queue.add_subcommand("retry", "Try again now");
  with_id(retried);
  retried.add_flag("--all", options->all, "Try all waiting messages");
  retried.callback(run(retry));

  const Command cancelled = queue.add_subcommand("cancel", "Stop sending a message");
  with_id(cancelled).required();
  cancelled
      .add_option("--recipient", options->recipients, "Cancel only this recipient; may be repeated")
      .type_name("ADDRESS")
      .one_value();
  cancelled.add_flag("--report", options->report,
                     "Send a report to the sender; by default nobody is told");
  cancelled.callback(run(cancel));
}

}  // namespace posthorn::cli
