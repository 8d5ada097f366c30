#include <unistd.h>

#include <cstdio>

#include "cli/command_line.h"
#include "cli/mailbox_files/mail_sink.h"
#include "cli/message_json.h"
#include "cli/program.h"

namespace posthorn::cli {
namespace {

using admin::Json;
using admin::number_of;
using admin::text_of;

struct ExportOptions {
  std::string account;
  std::string path;
  std::string format = "maildir";
  std::vector<std::string> mailboxes;
  bool quiet = false;
};

ExportedMessage message_of(const Json& entry) {
  ListedMessage listed = parse_listed(entry);
  ExportedMessage message;
  message.uid = static_cast<std::uint32_t>(listed.uid);
  message.received.seconds = listed.received.seconds;
  message.flags = std::move(listed.flags);
  return message;
}

/// Errors: those of reading the message, when nothing was written, and those of the sink.
async::Task<Status> export_message(admin::Admin& admin, const ExportOptions& options,
                                   const std::string& mailbox, const ExportedMessage& message,
                                   MailSink& sink) {
  auto answer = co_await admin.call(Json{{"do", "message.read"},
                                         {"name", options.account},
                                         {"mailbox", mailbox},
                                         {"uid", message.uid}});
  // The message was expunged after the list was made.
  if (!answer && answer.error().kind == ErrorKind::not_found) co_return Status();
  if (!answer) co_return pass(answer);
  if (!answer->octets)
    co_return fail(ErrorKind::server_bug, "the server's answer contains no octets");
  Status status = sink.begin_message(message);
  while (status) {
    auto portion = co_await answer->octets->next();
    if (!portion) co_return pass(portion);
    if (portion->empty()) break;
    status = sink.add(*portion);
  }
  if (status) status = sink.end_message();
  co_return status;
}

/// The number of messages written, and of those that could not be read.
struct Exported {
  std::uint64_t written = 0;
  std::uint64_t left_out = 0;
};

async::Task<Result<Exported>> export_mailbox(admin::Admin& admin, const ExportOptions& options,
                                             const std::string& mailbox, MailSink& sink) {
  if (Status begun = sink.begin_mailbox(mailbox); !begun) co_return pass(begun);
  Exported count;
  std::uint64_t after = 0;
  while (true) {
    auto page = co_await admin.call(Json{
        {"do", "message.list"}, {"name", options.account}, {"mailbox", mailbox}, {"after", after}});
    if (!page) co_return pass(page);
    const Json said = std::move(page->said);
    const auto* list = said.if_contains("messages");
    if (list == nullptr || !list->is_array())
      co_return fail(ErrorKind::server_bug, "the server's answer contains no list");
    for (const auto& entry : list->get_array()) {
      if (!entry.is_object()) continue;
      const ExportedMessage message = message_of(entry.get_object());
      Status written = co_await export_message(admin, options, mailbox, message, sink);
      if (written) {
        ++count.written;
      } else if (written.error().kind == ErrorKind::corrupt) {
        ++count.left_out;
        fmt::print(stderr, "{}: UID {} is skipped: {}\n", mailbox, message.uid,
                   written.error().text);
      } else {
        co_return pass(written);
      }
    }
    if (!said.contains("next")) break;
    after = number_of(said, "next");
  }
  if (Status ended = sink.end_mailbox(); !ended) co_return pass(ended);
  co_return count;
}

async::Task<Result<int>> export_all(Access& access, const ExportOptions& options) {
  const auto sink =
      options.format == "mbox" ? make_mbox_sink(options.path) : make_maildir_sink(options.path);
  auto answer =
      co_await access.admin().call(Json{{"do", "mailbox.list"}, {"name", options.account}});
  if (!answer) co_return pass(answer);
  const Json said = std::move(answer->said);
  std::uint64_t left_out = 0;
  std::uint64_t damaged = 0;  // Mailboxes.
  const auto* list = said.if_contains("mailboxes");
  if (list == nullptr || !list->is_array())
    co_return fail(ErrorKind::server_bug, "the server's answer contains no list");
  for (const auto& entry : list->get_array()) {
    const std::string name(entry.is_object() ? text_of(entry.get_object(), "mailbox") : "");
    if (!options.mailboxes.empty() &&
        std::ranges::find(options.mailboxes, name) == options.mailboxes.end())
      continue;
    auto count = co_await export_mailbox(access.admin(), options, name, *sink);
    if (!count && count.error().kind == ErrorKind::corrupt) {
      ++damaged;
      fmt::print(stderr, "the rest of {} is skipped: {}\n", name, count.error().text);
      continue;
    }
    if (!count) co_return pass(count);
    left_out += count->left_out;
    if (!options.quiet) fmt::print(stderr, "{:>8} {}\n", count->written, name);
  }
  if (left_out + damaged == 0) co_return 0;
  fmt::print(
      stderr,
      "skipped because they could not be read: {} messages and {} mailboxes; run posthorn check\n",
      left_out, damaged);
  co_return kFindings;
}

}  // namespace

void add_export(Command app, Program& program) {
  const auto options = std::make_shared<ExportOptions>();
  const Command command =
      app.add_subcommand("export", "Export an account's mail to Maildir or mbox");
  command.add_option("account", options->account, "The account's address").required();
  command.add_option("path", options->path, "The folder to write to; it is created if necessary")
      .required()
      .type_name("DIR");
  command.add_option("--format", options->format, "maildir (Maildir++) or mbox (mboxrd)")
      .one_of({"maildir", "mbox"});
  command.add_option("--mailbox", options->mailboxes, "Export only this mailbox; may be repeated");
  command.add_flag("--quiet", options->quiet, "Print only errors");
  command.footer(
      "Existing files are never overwritten. Messages that cannot be read are named and skipped,\n"
      "and the exit code is then 3. posthorn import can read the result, including flags,\n"
      "keywords and dates.\n"
      "Examples:\n"
      "  posthorn export ada@example.org ./ada\n"
      "  posthorn export ada@example.org ./ada --format mbox --mailbox INBOX");
  command.callback([&program, options] {
    program.run = [&] {
      return with_access(program, [&](Access& access) { return export_all(access, *options); });
    };
  });
}

}  // namespace posthorn::cli
