#include <fmt/format.h>

#include <algorithm>

#include "load/answer_reader.h"
#include "load/rows.h"

namespace posthorn::bench {
namespace {

constexpr std::uint64_t kFirstMessages = 1000;
constexpr std::uint64_t kAppendBatch = 100;
constexpr std::uint64_t kCopyAtOnce = 50'000;  // Of a slow server, that is minutes.

async::Task<Status> append_batch(client::ImapClient& client, const MessageMaker& maker,
                                 std::uint64_t first, std::uint64_t end) {
  std::string command = "APPEND INBOX";
  for (std::uint64_t i = first; i < end; ++i) {
    const std::string message = maker.message(i);
    command += fmt::format(" ({}) {{{}+}}\r\n", maker.is_seen(i) ? "\\Seen" : "", message.size());
    command += message;
  }
  auto stored = co_await must(client, std::move(command));
  if (!stored) co_return pass(stored);
  co_return Status();
}

/// Fills a mailbox with so many messages in little time: a thousand different ones, then COPY of
/// what is there into itself. Errors: timed_out when it is not full after SECONDS.
async::Task<Result<Row>> fill_vast(const Target& target, const Plan& plan) {
  auto session = co_await sign_in(target, plan.user);
  if (!session) co_return pass(session);
  Row row;
  row.unit = "msg/s";
  const MessageMaker maker(plan.seed);
  const Meter meter(target.server_pid);
  const Stopwatch watch;
  std::uint64_t there = 0;
  for (const std::uint64_t first = std::min(kFirstMessages, plan.count); there < first;) {
    const std::uint64_t end = std::min(there + kAppendBatch, first);
    Status stored = co_await append_batch(**session, maker, there, end);
    if (!stored) co_return pass(stored);
    there = end;
  }
  auto selected = co_await must(**session, "SELECT INBOX");
  if (!selected) co_return pass(selected);
  while (there < plan.count) {
    if (watch.milliseconds() > plan.seconds * 1e3)
      co_return fail(ErrorKind::timed_out, fmt::format("{} messages in time", there));
    const std::uint64_t more = std::min({there, plan.count - there, kCopyAtOnce});
    auto copied = co_await must(**session, fmt::format("COPY 1:{} INBOX", more));
    if (!copied) co_return pass(copied);
    there += more;
  }
  row.cost = meter.stop();
  row.operations = row.checked = there;
  row.value = static_cast<double>(there) * 1e3 / row.cost.wall_ms;
  (void)co_await (*session)->logout();
  co_return row;
}

/// What a client waits for when it comes to a server that has just started.
async::Task<Result<Row>> open_vast(const Target& target, const Plan& plan) {
  Row row;
  row.unit = "ms";
  row.operations = 1;
  const Meter meter(target.server_pid);
  const Stopwatch watch;
  auto session = co_await sign_in(target, plan.user);
  if (!session) co_return pass(session);
  auto selected = co_await must(**session, "SELECT INBOX");
  if (!selected) co_return pass(selected);
  row.first_ms = watch.milliseconds();
  AnswerReader reader((*session)->stream());
  Status fetched = co_await reader.command("FETCH 1:* (FLAGS)", [&row](std::string_view response) {
    row.octets += response.size() + 2;
    if (is_fetch(response)) ++row.checked;
  });
  if (!fetched) co_return pass(fetched);
  row.value = watch.milliseconds();
  row.samples.add(row.value);
  row.cost = meter.stop();
  (void)co_await (*session)->logout();
  if (row.checked != plan.count)
    co_return fail(ErrorKind::io, fmt::format("{} messages, not {}", row.checked, plan.count));
  co_return row;
}

constexpr RowEntry kRows[] = {
    {"fill-vast", fill_vast, "COUNT messages for USER, most of them by COPY"},
    {"open-vast", open_vast, "logs in as USER, SELECT and FETCH 1:* FLAGS of COUNT messages, once"},
};

}  // namespace

std::span<const RowEntry> vast_rows() { return kRows; }

}  // namespace posthorn::bench
