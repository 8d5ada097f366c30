#include <fmt/format.h>

#include <algorithm>

#include "async/gate.h"
#include "load/message.h"
#include "load/rows.h"

// The day of a mail server: many people, each with a mailbox of usual size.
namespace posthorn::bench {
namespace {

constexpr std::uint64_t kPeople = 32;
/// Different messages of a mailbox; a larger one is filled up by COPY.
constexpr std::uint64_t kDifferent = 500;
constexpr std::uint64_t kAppendBatch = 50;
/// Half of what people do concerns the newest messages.
constexpr std::uint64_t kNewest = 50;

async::Task<Status> fill(client::ImapClient& client, const MessageMaker& maker,
                         std::uint64_t count) {
  auto selected = co_await must(client, "SELECT INBOX");
  if (!selected) co_return pass(selected);
  std::uint64_t there = exists_of(*selected);
  while (there < std::min(count, kDifferent)) {
    const std::uint64_t end = std::min({there + kAppendBatch, count, kDifferent});
    std::string command = "APPEND INBOX";
    for (; there < end; ++there) {
      const std::string message = maker.message(there);
      command += fmt::format(" ({}) {{{}+}}\r\n{}", maker.is_seen(there) ? "\\Seen" : "",
                             message.size(), message);
    }
    auto stored = co_await must(client, std::move(command));
    if (!stored) co_return pass(stored);
  }
  while (there < count) {
    const std::uint64_t more = std::min(there, count - there);
    auto copied = co_await must(client, fmt::format("COPY 1:{} INBOX", more));
    if (!copied) co_return pass(copied);
    there += more;
  }
  co_return Status();
}

struct People {
  const Plan& plan;
  std::uint64_t mailbox;  ///< Messages of each INBOX.
  MessageMaker maker;
  Work work;
};

/// What a person does next, by its share of a hundred: 30 read a message, 30 look at 50 envelopes,
/// 15 change flags, 10 store a message, 10 search, 5 copy or remove one. Removing takes two
/// commands.
std::vector<std::string> deed(const People& people, std::uint64_t r, std::uint64_t number) {
  const std::uint64_t size = people.mailbox;
  const std::uint64_t any = r >> 20;
  const std::uint64_t newest = std::min(kNewest, size);
  const std::uint64_t uid = (r >> 10) % 2 == 0 ? size - any % newest : 1 + any % size;
  switch (r % 100 / 5) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5: return {fmt::format("UID FETCH {} (BODY.PEEK[])", uid)};
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
    case 11: {
      const std::uint64_t first = std::min(uid, size - newest + 1);
      return {fmt::format("UID FETCH {}:{} (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)", first,
                          first + newest - 1)};
    }
    case 12:
    case 13:
    case 14:
      return {fmt::format("UID STORE {} {}FLAGS.SILENT (\\Seen)", uid, any % 4 == 0 ? '-' : '+')};
    case 15:
    case 16: {
      const std::string message = people.maker.message(number);
      return {fmt::format("APPEND INBOX {{{}+}}\r\n{}", message.size(), message)};
    }
    case 17: return {"UID SEARCH UNSEEN"};
    case 18: return {fmt::format("UID SEARCH FROM {}", kSearchFrom)};
    default:
      if (any % 2 == 0) return {fmt::format("UID COPY {} Archive", uid)};
      return {fmt::format("UID STORE {} +FLAGS.SILENT (\\Deleted)", uid),
              fmt::format("UID EXPUNGE {}", uid)};
  }
}

async::Task<void> live(People& people, client::ImapClient& client) {
  client.on_untagged([](std::string_view) {});
  while (const auto number = people.work.take()) {
    std::uint64_t state = people.plan.seed + *number;
    const Stopwatch watch;
    for (std::string& command : deed(people, next_random(state), *number)) {
      auto reply = co_await must(client, std::move(command));
      if (!reply) {
        people.work.failed(std::move(reply.error()));
        co_return;
      }
    }
    people.work.done(watch.milliseconds());
  }
  client.on_untagged({});
}

/// 32 people at once, with `mailbox` messages in each INBOX.
template <std::uint64_t mailbox>
async::Task<Result<Row>> people(const Target& target, const Plan& plan) {
  // Each size has accounts of its own.
  constexpr std::uint64_t kFirst = kPeopleUsers + mailbox / 10;
  auto sessions = co_await sign_in_many(target, kFirst, kPeople, 1);
  if (!sessions) co_return pass(sessions);
  for (auto& session : *sessions) {
    (void)co_await session->command("CREATE Archive");
    Status filled = co_await fill(*session, MessageMaker(plan.seed + 99), mailbox);
    if (!filled) co_return pass(filled);
  }
  const Meter meter(target.server_pid);
  People all{plan, mailbox, MessageMaker(plan.seed), Work(plan)};
  async::Gate gate;
  for (auto& session : *sessions) gate.spawn(live(all, *session));
  co_await gate.wait_empty();
  auto row = all.work.rate("cmd/s", meter);
  for (auto& session : *sessions) (void)co_await session->logout();
  co_return row;
}

constexpr RowEntry kRows[] = {
    {"people-50", people<50>, "what 32 people do, with 50 messages in each INBOX"},
    {"people-500", people<500>, "the same with 500 messages"},
    {"people-5000", people<5000>, "the same with 5,000 messages"},
};

}  // namespace

std::span<const RowEntry> people_rows() { return kRows; }

}  // namespace posthorn::bench
