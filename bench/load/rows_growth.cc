#include <fmt/format.h>

#include <algorithm>

#include "async/gate.h"
#include "load/lmtp_client.h"
#include "load/rows.h"

// Single operations one after the other, for what they cost when there is more of everything.
namespace posthorn::bench {
namespace {

constexpr std::uint64_t kRecipientsAtOnce = 50;
constexpr std::uint64_t kFillConnections = 8;
constexpr std::uint64_t kMinOperations = 3;

/// The text of operation `number` on a mailbox that had `exists` messages.
using CommandOf = std::string (*)(std::uint64_t number, std::uint64_t exists);

bool is_enough(const Plan& plan, std::uint64_t done, const Stopwatch& watch) {
  return done >= plan.count ||
         (done >= kMinOperations && watch.milliseconds() > plan.seconds * 1e3);
}

/// Repeats a command over USER's mailbox.
async::Task<Result<Row>> repeat(const Target& target, const Plan& plan, CommandOf command) {
  auto session = co_await sign_in(target, plan.user);
  if (!session) co_return pass(session);
  auto selected = co_await must(**session, "SELECT INBOX");
  if (!selected) co_return pass(selected);
  const std::uint64_t exists = exists_of(*selected);
  (*session)->on_untagged([](std::string_view) {});
  auto warm = co_await must(**session, command(0, exists));
  if (!warm) co_return pass(warm);
  Row row;
  row.unit = "ms";
  const Meter meter(target.server_pid);
  const Stopwatch whole;
  while (!is_enough(plan, row.operations, whole)) {
    std::string text = command(++row.operations, exists);
    const Stopwatch watch;
    auto done = co_await must(**session, std::move(text));
    if (!done) co_return pass(done);
    row.samples.add(watch.milliseconds());
  }
  row.cost = meter.stop();
  row.value = row.samples.quantile(0.5);
  row.checked = exists;
  (*session)->on_untagged({});
  (void)co_await (*session)->logout();
  co_return row;
}

std::uint64_t some_message(std::uint64_t number, std::uint64_t exists) {
  return 1 + next_random(number) % std::max<std::uint64_t>(exists, 1);
}

async::Task<Result<Row>> op_noop(const Target& t, const Plan& p) {
  return repeat(t, p, [](std::uint64_t, std::uint64_t) { return std::string("NOOP"); });
}
async::Task<Result<Row>> op_select(const Target& t, const Plan& p) {
  return repeat(t, p, [](std::uint64_t, std::uint64_t) { return std::string("SELECT INBOX"); });
}
async::Task<Result<Row>> op_status(const Target& t, const Plan& p) {
  return repeat(t, p, [](std::uint64_t, std::uint64_t) {
    return std::string("STATUS INBOX (MESSAGES UNSEEN UIDNEXT)");
  });
}
async::Task<Result<Row>> op_append(const Target& t, const Plan& p) {
  return repeat(t, p, [](std::uint64_t number, std::uint64_t exists) {
    const std::string message = MessageMaker(exists).message(number);
    return fmt::format("APPEND INBOX {{{}+}}\r\n{}", message.size(), message);
  });
}
async::Task<Result<Row>> op_body(const Target& t, const Plan& p) {
  return repeat(t, p, [](std::uint64_t number, std::uint64_t exists) {
    return fmt::format("FETCH {} (BODY.PEEK[])", some_message(number, exists));
  });
}
async::Task<Result<Row>> op_newest(const Target& t, const Plan& p) {
  return repeat(t, p, [](std::uint64_t, std::uint64_t exists) {
    return fmt::format("FETCH {}:{} (UID FLAGS ENVELOPE)", exists > 50 ? exists - 49 : 1,
                       std::max<std::uint64_t>(exists, 1));
  });
}
async::Task<Result<Row>> op_store(const Target& t, const Plan& p) {
  return repeat(t, p, [](std::uint64_t number, std::uint64_t exists) {
    return fmt::format("STORE {} {}FLAGS.SILENT (\\Flagged)", some_message(number / 2, exists),
                       number % 2 == 0 ? '+' : '-');
  });
}
async::Task<Result<Row>> op_copy(const Target& t, const Plan& p) {
  return repeat(t, p, [](std::uint64_t number, std::uint64_t exists) {
    return fmt::format("COPY {} INBOX", some_message(number, exists));
  });
}
async::Task<Result<Row>> op_search_unseen(const Target& t, const Plan& p) {
  return repeat(t, p, [](std::uint64_t, std::uint64_t) { return std::string("SEARCH UNSEEN"); });
}
async::Task<Result<Row>> op_fetch_flags(const Target& t, const Plan& p) {
  return repeat(t, p,
                [](std::uint64_t, std::uint64_t) { return std::string("FETCH 1:* (FLAGS)"); });
}

std::uint64_t some_account(const Plan& plan, std::uint64_t number) {
  return kGrowthUsers + next_random(number) % std::max<std::uint64_t>(plan.accounts, 1);
}

async::Task<Result<Row>> op_login(const Target& target, const Plan& plan) {
  Row row;
  row.unit = "ms";
  const Meter meter(target.server_pid);
  const Stopwatch whole;
  while (!is_enough(plan, row.operations, whole)) {
    const Stopwatch watch;
    auto session = co_await sign_in(target, some_account(plan, plan.seed + ++row.operations));
    if (!session) co_return pass(session);
    row.samples.add(watch.milliseconds());
    (void)co_await (*session)->logout();
  }
  row.cost = meter.stop();
  row.value = row.samples.quantile(0.5);
  co_return row;
}

async::Task<Result<Row>> op_deliver(const Target& target, const Plan& plan) {
  auto client = co_await LmtpClient::connect(target.host, target.lmtp_port);
  if (!client) co_return pass(client);
  const MessageMaker maker(plan.seed);
  Row row;
  row.unit = "ms";
  const Meter meter(target.server_pid);
  const Stopwatch whole;
  while (!is_enough(plan, row.operations, whole)) {
    const std::uint64_t number = ++row.operations;
    std::vector<std::string> to{user_name(target, some_account(plan, plan.seed + number))};
    const std::string message = maker.message(number);
    const Stopwatch watch;
    Status stored = co_await (*client)->deliver(to, message);
    if (!stored) co_return pass(stored);
    row.samples.add(watch.milliseconds());
  }
  row.cost = meter.stop();
  row.value = row.samples.quantile(0.5);
  co_await (*client)->quit();
  co_return row;
}

struct Founding {
  const Target& target;
  const Plan& plan;
  Stopwatch watch = {};
  std::uint64_t next = 0;
  std::uint64_t done = 0;
  std::optional<Error> error = {};
};

async::Task<void> found_some(Founding& founding, LmtpClient& client) {
  const MessageMaker maker(founding.plan.seed);
  while (founding.next < founding.plan.count && !founding.error &&
         founding.watch.milliseconds() < founding.plan.seconds * 1e3) {
    const std::uint64_t first = founding.next;
    founding.next = std::min(first + kRecipientsAtOnce, founding.plan.count);
    std::vector<std::string> to;
    for (std::uint64_t i = first; i < founding.next; ++i)
      to.push_back(user_name(founding.target, kGrowthUsers + i));
    const std::size_t accounts = to.size();
    Status stored = co_await client.deliver(to, maker.message(first));
    if (stored)
      founding.done += accounts;
    else
      founding.error = std::move(stored.error());
  }
}

/// Accounts that did not exist, one message in each.
async::Task<Result<Row>> fill_accounts(const Target& target, const Plan& plan) {
  std::vector<std::unique_ptr<LmtpClient>> clients;
  for (std::uint64_t i = 0; i < kFillConnections; ++i) {
    auto client = co_await LmtpClient::connect(target.host, target.lmtp_port);
    if (!client) co_return pass(client);
    clients.push_back(std::move(*client));
  }
  const Meter meter(target.server_pid);
  Founding founding{target, plan};
  async::Gate gate;
  for (auto& client : clients) gate.spawn(found_some(founding, *client));
  co_await gate.wait_empty();
  if (founding.error) co_return std::unexpected(std::move(*founding.error));
  Row row;
  row.cost = meter.stop();
  row.unit = "accounts/s";
  row.operations = row.checked = founding.done;
  row.value = static_cast<double>(founding.done) * 1e3 / row.cost.wall_ms;
  for (auto& client : clients) co_await client->quit();
  co_return row;
}

constexpr RowEntry kRows[] = {
    {"op-noop", op_noop, "NOOP with USER's mailbox selected"},
    {"op-select", op_select, "SELECT of USER's mailbox"},
    {"op-status", op_status, "STATUS of it"},
    {"op-append", op_append, "APPEND of one message to it"},
    {"op-body", op_body, "one whole message of it"},
    {"op-newest", op_newest, "flags and envelopes of its 50 newest messages"},
    {"op-store", op_store, "one flag of one message"},
    {"op-copy", op_copy, "COPY of one message into the same mailbox"},
    {"op-search-unseen", op_search_unseen, "SEARCH UNSEEN"},
    {"op-fetch-flags", op_fetch_flags, "FETCH 1:* FLAGS"},
    {"op-login", op_login, "connect and LOGIN as one of ACCOUNTS"},
    {"op-deliver", op_deliver, "LMTP delivery to one of ACCOUNTS"},
    {"fill-accounts", fill_accounts, "makes COUNT accounts with a message in each"},
};

}  // namespace

std::span<const RowEntry> growth_rows() { return kRows; }

}  // namespace posthorn::bench
