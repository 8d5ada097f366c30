#include <fmt/format.h>

#include <algorithm>

#include "async/gate.h"
#include "load/lmtp_client.h"
#include "load/rows.h"

namespace posthorn::bench {
namespace {

constexpr std::uint64_t kConnections = 32;
constexpr std::uint64_t kLmtpUserCount = 100;
constexpr std::uint64_t kFillBatch = 100;

/// What is delivered to whom.
struct Post {
  std::uint64_t first_user = kLmtpUsers;
  std::uint64_t recipients = 1;
  Shape shape = Shape::mixed;
};

struct Delivery {
  const Target& target;
  const std::vector<std::string>& messages;
  Post post;
  Work& work;
  std::uint64_t octets = 0;  ///< Those of each recipient counted.
};

async::Task<void> deliver_some(Delivery& delivery, LmtpClient& client) {
  const std::uint64_t each = delivery.post.recipients;
  while (const auto number = delivery.work.take()) {
    std::vector<std::string> recipients;
    for (std::uint64_t i = 0; i < each; ++i)
      recipients.push_back(user_name(
          delivery.target, delivery.post.first_user + (*number * each + i) % kLmtpUserCount));
    const std::string& message = delivery.messages[*number];
    const Stopwatch watch;
    Status stored = co_await client.deliver(recipients, message);
    if (!stored) {
      delivery.work.failed(std::move(stored.error()));
      co_return;
    }
    delivery.work.done(watch.milliseconds());
    delivery.octets += message.size() * each;
  }
}

async::Task<Result<Row>> lmtp(const Target& target, const Plan& plan, Post post) {
  const auto messages = make_messages(MessageMaker(plan.seed, post.shape), plan.count);
  std::vector<std::unique_ptr<LmtpClient>> clients;
  for (std::uint64_t i = 0; i < kConnections; ++i) {
    auto client = co_await LmtpClient::connect(target.host, target.lmtp_port);
    if (!client) co_return pass(client);
    clients.push_back(std::move(*client));
  }
  const Meter meter(target.server_pid);
  Work work(plan);
  Delivery delivery{target, messages, post, work};
  async::Gate gate;
  for (auto& client : clients) gate.spawn(deliver_some(delivery, *client));
  co_await gate.wait_empty();
  auto row = work.rate("msg/s", meter);
  if (row) row->octets = delivery.octets;
  if (row && post.recipients > 1) {
    row->unit = "deliveries/s";
    row->value *= static_cast<double>(post.recipients);
    row->operations *= post.recipients;
  }
  for (auto& client : clients) co_await client->quit();
  co_return row;
}

async::Task<Result<Row>> lmtp_one(const Target& target, const Plan& plan) {
  return lmtp(target, plan, {});
}

async::Task<Result<Row>> lmtp_twenty(const Target& target, const Plan& plan) {
  return lmtp(target, plan, {.recipients = 20});
}

async::Task<Result<Row>> store_text(const Target& target, const Plan& plan) {
  return lmtp(target, plan, {.first_user = kDiskUsers, .shape = Shape::text});
}

async::Task<Result<Row>> store_dense(const Target& target, const Plan& plan) {
  return lmtp(target, plan, {.first_user = kDiskUsers, .shape = Shape::dense});
}

async::Task<Result<Row>> store_twenty(const Target& target, const Plan& plan) {
  return lmtp(target, plan, {.first_user = kDiskUsers, .recipients = 20});
}

async::Task<void> append_some(Work& work, std::vector<std::string>& messages,
                              client::ImapClient& client) {
  while (const auto number = work.take()) {
    const Stopwatch watch;
    Status stored = co_await append(client, std::move(messages[*number]));
    if (!stored) {
      work.failed(std::move(stored.error()));
      co_return;
    }
    work.done(watch.milliseconds());
  }
}

async::Task<Result<Row>> append_32(const Target& target, const Plan& plan) {
  auto messages = make_messages(MessageMaker(plan.seed), plan.count);
  std::uint64_t octets = 0;
  for (const std::string& message : messages) octets += message.size();
  auto sessions = co_await sign_in_many(target, kAppendUsers, kConnections, 1);
  if (!sessions) co_return pass(sessions);
  const Meter meter(target.server_pid);
  Work work(plan);
  async::Gate gate;
  for (auto& session : *sessions) gate.spawn(append_some(work, messages, *session));
  co_await gate.wait_empty();
  auto row = work.rate("msg/s", meter);
  if (row) row->octets = octets * row->operations / plan.count;
  for (auto& session : *sessions) (void)co_await session->logout();
  co_return row;
}

std::string multiappend_command(const MessageMaker& maker, std::uint64_t first, std::uint64_t end,
                                std::uint64_t& octets) {
  std::string command = "APPEND INBOX";
  for (std::uint64_t i = first; i < end; ++i) {
    const std::string message = maker.message(i);
    command += fmt::format(" ({}) \"{}\" {{{}+}}\r\n", maker.is_seen(i) ? "\\Seen" : "",
                           internal_date(MessageMaker::date(i)), message.size());
    command += message;
    octets += message.size();
  }
  return command;
}

/// RFC 3502: a batch is all or nothing, so one sync may do for all of it. Not bounded in time: the
/// rows that read need the whole mailbox.
async::Task<Result<Row>> multiappend(const Target& target, const Plan& plan) {
  const MessageMaker maker(plan.seed);
  auto session = co_await sign_in(target, kBigUser);
  if (!session) co_return pass(session);
  Row row;
  row.unit = "msg/s";
  double spent_ms = 0;
  const Meter meter(target.server_pid);
  for (std::uint64_t first = 0; first < plan.count; first += kFillBatch) {
    const std::uint64_t end = std::min(first + kFillBatch, plan.count);
    std::string command = multiappend_command(maker, first, end, row.checked);
    const Stopwatch watch;
    auto stored = co_await must(**session, std::move(command));
    if (!stored) co_return pass(stored);
    row.samples.add(watch.milliseconds());
    spent_ms += watch.milliseconds();
  }
  row.cost = meter.stop();
  row.cost.wall_ms = spent_ms;
  row.operations = plan.count;
  row.octets = row.checked;
  row.value = static_cast<double>(plan.count) * 1e3 / spent_ms;
  (void)co_await (*session)->logout();
  co_return row;
}

constexpr RowEntry kRows[] = {
    {"lmtp-32", lmtp_one, "deliveries over 32 LMTP connections, one recipient each"},
    {"lmtp-20rcpt", lmtp_twenty, "the same with twenty recipients a message"},
    {"append-32", append_32, "APPEND over 32 connections, one user each"},
    {"store-text", store_text, "mail without attachments, for its size on disk"},
    {"store-dense", store_dense, "mail with large attachments, for its size on disk"},
    {"store-twenty", store_twenty, "mail for twenty recipients each, for its size on disk"},
    {"multiappend", multiappend, "fills the large mailbox over one connection"},
};

}  // namespace

std::span<const RowEntry> delivery_rows() { return kRows; }

}  // namespace posthorn::bench
