#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "load/answer_reader.h"
#include "load/message.h"
#include "load/rows.h"

// Client programs that start: the commands that each of them sends from its login until the user
// sees the mailbox, in the order of its own dialogue.
namespace posthorn::bench {
namespace {

constexpr std::uint64_t kInbox = 500;
constexpr std::uint64_t kInFolder = 10;
constexpr std::uint64_t kNew = 5;

/// What a client remembers of INBOX from before the newest messages came.
struct Memory {
  std::string uid_validity;
  std::string modseq;
  std::uint64_t first_new = 0;  ///< UID.
};

/// The number in "[CODE number]" of an answer to SELECT.
std::string code_of(const client::ImapReply& selected, std::string_view code) {
  const std::string wanted = fmt::format("[{} ", code);
  for (const std::string& line : selected.untagged)
    if (const std::size_t at = line.find(wanted); at != std::string::npos)
      return line.substr(at + wanted.size(), line.find(']', at) - at - wanted.size());
  return "1";
}

async::Task<Status> append_to(client::ImapClient& client, std::string_view mailbox,
                              const MessageMaker& maker, std::uint64_t first, std::uint64_t count) {
  std::string command = fmt::format("APPEND {}", mailbox);
  for (std::uint64_t i = first; i < first + count; ++i) {
    const std::string message = maker.message(i);
    command += fmt::format(" ({}) {{{}+}}\r\n{}", maker.is_seen(i) ? "\\Seen" : "", message.size(),
                           message);
  }
  auto stored = co_await must(client, std::move(command));
  if (!stored) co_return pass(stored);
  co_return Status();
}

std::string folder(std::uint64_t i) { return fmt::format("Folder{:02}", i); }

/// Makes the account: folders with a few messages each, and INBOX with the newest ones at its end.
async::Task<Result<Memory>> prepare(client::ImapClient& client, const MessageMaker& maker,
                                    std::uint64_t folders) {
  for (std::uint64_t i = 0; i < folders; ++i) {
    const auto made = co_await client.command("CREATE " + folder(i));
    if (!made) co_return std::unexpected(made.error());
    if (!made->ok()) break;  // Prepared by an earlier turn.
    Status filled = co_await append_to(client, folder(i), maker, i * kInFolder, kInFolder);
    if (!filled) co_return pass(filled);
    auto subscribed = co_await must(client, "SUBSCRIBE " + folder(i));
    if (!subscribed) co_return pass(subscribed);
  }
  auto selected = co_await must(client, "SELECT INBOX (CONDSTORE)");
  if (!selected) co_return pass(selected);
  std::uint64_t there = exists_of(*selected);
  constexpr std::uint64_t kBatch = 55;
  for (; there + kNew < kInbox; there += kBatch) {
    const std::uint64_t more = std::min(kBatch, kInbox - kNew - there);
    Status filled = co_await append_to(client, "INBOX", maker, 1000 + there, more);
    if (!filled) co_return pass(filled);
  }
  selected = co_await must(client, "SELECT INBOX (CONDSTORE)");
  if (!selected) co_return pass(selected);
  Memory memory{code_of(*selected, "UIDVALIDITY"), code_of(*selected, "HIGHESTMODSEQ"),
                std::strtoull(code_of(*selected, "UIDNEXT").c_str(), nullptr, 10)};
  // In each turn, there is news to be found.
  Status filled = co_await append_to(client, "INBOX", maker, 2000 + memory.first_new, kNew);
  if (!filled) co_return pass(filled);
  co_return memory;
}

using Script = std::vector<std::string> (*)(const Memory&);

/// Runs the program's start again and again: connects, logs in, and sends one command after the
/// other, each after the answer to the one before.
async::Task<Result<Row>> start(const Target& target, const Plan& plan, std::uint64_t user,
                               std::uint64_t folders, Script script) {
  auto session = co_await sign_in(target, user);
  if (!session) co_return pass(session);
  const auto memory = co_await prepare(**session, MessageMaker(plan.seed), folders);
  if (!memory) co_return std::unexpected(memory.error());
  (void)co_await (*session)->logout();
  const std::vector<std::string> commands = script(*memory);
  Row row;
  row.unit = "ms";
  const Meter meter(target.server_pid);
  const Stopwatch whole;
  for (std::uint64_t i = 0; i < plan.count && whole.milliseconds() < plan.seconds * 1e3; ++i) {
    const Stopwatch watch;
    auto client = co_await sign_in(target, user);
    if (!client) co_return pass(client);
    AnswerReader reader((*client)->stream());
    std::uint64_t fetched = 0;
    for (const std::string& command : commands) {
      Status answered = co_await reader.command(command, [&](std::string_view response) {
        row.octets += response.size() + 2;
        fetched += is_fetch(response) ? 1 : 0;
      });
      if (!answered) co_return pass(answered);
    }
    row.samples.add(watch.milliseconds());
    row.checked = fetched;
    (*client)->stream().shutdown_now();
  }
  row.cost = meter.stop();
  row.operations = row.samples.size();
  row.octets /= std::max<std::uint64_t>(1, row.operations);
  row.value = row.samples.quantile(0.5);
  co_return row;
}

std::vector<std::string> thunderbird(const Memory& memory) {
  std::vector<std::string> commands = {
      "CAPABILITY",
      R"(ID ("name" "Thunderbird" "version" "115.0"))",
      "NAMESPACE",
      R"(LIST (SUBSCRIBED) "" "*" RETURN (SPECIAL-USE))",
      R"(LIST "" "INBOX")",
      "SELECT INBOX (CONDSTORE)",
      "UID FETCH 1:* (FLAGS)",
      fmt::format("UID FETCH {}:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Bcc "
                  "Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To "
                  "Content-Type Reply-To)])",
                  memory.first_new)};
  for (std::uint64_t i = 0; i < 20; ++i)
    commands.push_back(fmt::format("STATUS {} (UIDNEXT MESSAGES UNSEEN RECENT)", folder(i)));
  commands.emplace_back("NOOP");
  return commands;
}

std::vector<std::string> phone(const Memory& memory) {
  return {"CAPABILITY", "ENABLE QRESYNC",
          fmt::format("SELECT INBOX (QRESYNC ({} {} 1:{}))", memory.uid_validity, memory.modseq,
                      memory.first_new - 1),
          fmt::format("UID FETCH {}:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)",
                      memory.first_new),
          fmt::format("UID FETCH {}:* (BODY.PEEK[TEXT]<0.2048>)", memory.first_new)};
}

std::vector<std::string> webmail(const Memory&) {
  return {"CAPABILITY",
          R"(ID ("name" "Roundcube"))",
          R"(LIST "" "*" RETURN (SUBSCRIBED))",
          "SELECT INBOX",
          "UID SORT (REVERSE DATE) US-ASCII ALL",
          fmt::format("FETCH {}:{} (UID RFC822.SIZE FLAGS INTERNALDATE BODYSTRUCTURE "
                      "BODY.PEEK[HEADER.FIELDS (DATE FROM TO SUBJECT CONTENT-TYPE CC REPLY-TO "
                      "LIST-POST DISPOSITION-NOTIFICATION-TO X-PRIORITY)])",
                      kInbox - 49, kInbox),
          "STATUS INBOX (MESSAGES UNSEEN)"};
}

std::vector<std::string> mbsync(const Memory&) {
  std::vector<std::string> commands = {"CAPABILITY", R"(LIST "" "*")"};
  for (std::uint64_t i = 0; i < 30; ++i) {
    commands.push_back("SELECT " + folder(i));
    commands.emplace_back("UID FETCH 1:* (UID FLAGS)");
    commands.emplace_back("CLOSE");
  }
  return commands;
}

std::vector<std::string> imapflow(const Memory& memory) {
  return {"CAPABILITY", R"(ID ("name" "imapflow"))", R"(LIST "" "INBOX")", "SELECT INBOX",
          fmt::format("UID FETCH {}:* (UID FLAGS INTERNALDATE ENVELOPE BODY.PEEK[])",
                      memory.first_new)};
}

async::Task<Result<Row>> start_thunderbird(const Target& target, const Plan& plan) {
  return start(target, plan, kStartUsers, 20, thunderbird);
}
async::Task<Result<Row>> start_phone(const Target& target, const Plan& plan) {
  return start(target, plan, kStartUsers + 1, 0, phone);
}
async::Task<Result<Row>> start_webmail(const Target& target, const Plan& plan) {
  return start(target, plan, kStartUsers + 2, 10, webmail);
}
async::Task<Result<Row>> start_mbsync(const Target& target, const Plan& plan) {
  return start(target, plan, kStartUsers + 3, 30, mbsync);
}
async::Task<Result<Row>> start_imapflow(const Target& target, const Plan& plan) {
  return start(target, plan, kStartUsers + 4, 0, imapflow);
}

constexpr RowEntry kRows[] = {
    {"start-thunderbird", start_thunderbird, "opens an account with 20 folders"},
    {"start-phone", start_phone, "resumes with QRESYNC and finds 5 new messages"},
    {"start-webmail", start_webmail, "shows a page of 50, with a login of its own"},
    {"start-mbsync", start_mbsync, "finds nothing new in 30 folders"},
    {"start-imapflow", start_imapflow, "fetches 5 new messages whole"},
};

}  // namespace

std::span<const RowEntry> start_rows() { return kRows; }

}  // namespace posthorn::bench
