#include <fmt/format.h>

#include "async/gate.h"
#include "load/message.h"
#include "load/rows.h"

namespace posthorn::bench {
namespace {

constexpr std::uint64_t kMixedConnections = 32;
constexpr std::uint64_t kMixedPerUser = 4;
constexpr std::uint64_t kMixedMailbox = 200;

async::Task<Result<Row>> store_flags(const Target& target, const Plan& plan) {
  auto session = co_await sign_in(target, kBigUser);
  if (!session) co_return pass(session);
  auto selected = co_await must(**session, "SELECT INBOX");
  if (!selected) co_return pass(selected);
  Row row;
  row.unit = "ms";
  const Meter meter(target.server_pid);
  for (std::uint64_t i = 0; i < plan.repeat * 2; ++i) {
    const Stopwatch watch;
    auto stored = co_await must(
        **session, fmt::format("STORE 1:* {}FLAGS.SILENT (\\Flagged)", i % 2 == 0 ? '+' : '-'));
    if (!stored) co_return pass(stored);
    row.samples.add(watch.milliseconds());
  }
  row.cost = meter.stop();
  row.operations = plan.repeat * 2;
  row.value = row.samples.quantile(0.5);
  (void)co_await (*session)->logout();
  co_return row;
}

/// One flag of one message after the other, over one connection, in USER's mailbox.
async::Task<Result<Row>> change_flags(const Target& target, const Plan& plan) {
  auto session = co_await sign_in(target, plan.user);
  if (!session) co_return pass(session);
  auto selected = co_await must(**session, "SELECT INBOX");
  if (!selected) co_return pass(selected);
  const std::uint64_t exists = exists_of(*selected);
  if (exists == 0) co_return fail(ErrorKind::not_found, "the mailbox is empty");
  const Meter meter(target.server_pid);
  Work work(plan);
  while (const auto number = work.take()) {
    const bool set = *number / exists % 2 == 0;
    const Stopwatch watch;
    auto stored = co_await must(**session, fmt::format("STORE {} {}FLAGS.SILENT (\\Flagged)",
                                                       1 + *number % exists, set ? '+' : '-'));
    if (!stored) co_return pass(stored);
    work.done(watch.milliseconds());
  }
  auto row = work.rate("changes/s", meter);
  (void)co_await (*session)->logout();
  co_return row;
}

/// What a client does, by its share of a hundred.
std::string mixed_command(std::uint64_t r, const MessageMaker& maker, std::uint64_t number) {
  const std::uint64_t uid = 1 + (r >> 16) % kMixedMailbox;
  switch (r % 100 / 5) {
    case 0: {
      const std::string message = maker.message(number);
      return fmt::format("APPEND INBOX {{{}+}}\r\n{}", message.size(), message);
    }
    case 1: return "UID SEARCH UNSEEN";
    case 2: return fmt::format("UID SEARCH FROM {}", kSearchFrom);
    case 3: return "SELECT INBOX";
    case 4:
    case 5: return "STATUS INBOX (MESSAGES UNSEEN UIDNEXT)";
    case 6: return "NOOP";
    case 7: return "UID FETCH 1:* (FLAGS)";
    case 8:
    case 9:
    case 10: return fmt::format("UID STORE {} +FLAGS.SILENT (\\Seen)", uid);
    case 11:
    case 12:
    case 13:
      return fmt::format("UID FETCH {}:{} (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)", uid,
                         uid + 20);
    default: return fmt::format("UID FETCH {} (BODY.PEEK[])", uid);
  }
}

struct Mixed {
  const Plan& plan;
  MessageMaker maker;
  Work work;
};

async::Task<void> mix_some(Mixed& mixed, client::ImapClient& client) {
  client.on_untagged([](std::string_view) {});
  while (const auto number = mixed.work.take()) {
    std::uint64_t state = mixed.plan.seed + *number;
    std::string command = mixed_command(next_random(state), mixed.maker, *number);
    const Stopwatch watch;
    auto reply = co_await must(client, std::move(command));
    if (!reply) {
      mixed.work.failed(std::move(reply.error()));
      co_return;
    }
    mixed.work.done(watch.milliseconds());
  }
  client.on_untagged({});
}

async::Task<Status> fill(client::ImapClient& client, const MessageMaker& maker,
                         std::uint64_t first) {
  std::string command = "APPEND INBOX";
  for (std::uint64_t i = first; i < first + kMixedMailbox; ++i) {
    const std::string message = maker.message(i);
    command += fmt::format(" {{{}+}}\r\n{}", message.size(), message);
  }
  auto stored = co_await must(client, std::move(command));
  if (!stored) co_return pass(stored);
  co_return Status();
}

async::Task<Result<Row>> mixed(const Target& target, const Plan& plan) {
  auto sessions = co_await sign_in_many(target, kMixedUsers, kMixedConnections, kMixedPerUser);
  if (!sessions) co_return pass(sessions);
  for (std::size_t i = 0; i < sessions->size(); ++i) {
    if (i % kMixedPerUser == 0) {
      Status filled =
          co_await fill(*(*sessions)[i], MessageMaker(plan.seed + 99), i * kMixedMailbox);
      if (!filled) co_return pass(filled);
    }
    auto selected = co_await must(*(*sessions)[i], "SELECT INBOX");
    if (!selected) co_return pass(selected);
  }
  const Meter meter(target.server_pid);
  Mixed mixed{plan, MessageMaker(plan.seed), Work(plan)};
  async::Gate gate;
  for (auto& session : *sessions) gate.spawn(mix_some(mixed, *session));
  co_await gate.wait_empty();
  auto row = mixed.work.rate("cmd/s", meter);
  for (auto& session : *sessions) (void)co_await session->logout();
  co_return row;
}

constexpr RowEntry kRows[] = {
    {"store-flags", store_flags, "STORE 1:* +FLAGS.SILENT and -FLAGS.SILENT in turn"},
    {"change-flags", change_flags, "one flag of one message after the other, in USER's mailbox"},
    {"mixed-32", mixed, "what clients do, over 32 connections of 8 users"},
};

}  // namespace

std::span<const RowEntry> change_rows() { return kRows; }

}  // namespace posthorn::bench
