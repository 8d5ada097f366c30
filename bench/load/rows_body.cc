#include <fmt/format.h>

#include <algorithm>

#include "load/message.h"
#include "load/rows.h"

namespace posthorn::bench {
namespace {

/// The octets of a literal that ends the response but for the last parenthesis.
std::string_view literal_of(std::string_view response) {
  const std::size_t open = response.find('{');
  const std::size_t close = response.find("}\r\n", open);
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  const auto size = std::strtoull(response.data() + open + 1, nullptr, 10);
  return response.substr(close + 3, size);
}

async::Task<Result<Session>> open_big(const Target& target) {
  auto session = co_await sign_in(target, kBigUser);
  if (!session) co_return pass(session);
  auto selected = co_await must(**session, "SELECT INBOX");
  if (!selected) co_return pass(selected);
  co_return std::move(*session);
}

/// How many messages the mailbox has: its plan says how many were filled in.
async::Task<Result<Row>> fetch_bodies(const Target& target, const Plan& plan) {
  auto session = co_await open_big(target);
  if (!session) co_return pass(session);
  const std::uint64_t batch = std::min<std::uint64_t>(1000, plan.count);
  std::uint64_t octets = 0;
  (*session)->on_untagged(
      [&octets](std::string_view response) { octets += literal_of(response).size(); });
  Row row;
  row.unit = "MB/s";
  const Meter meter(target.server_pid);
  for (std::uint64_t i = 0; i < plan.repeat; ++i) {
    const std::uint64_t first = 1 + i * batch % (plan.count - batch + 1);
    const Stopwatch watch;
    const std::uint64_t before = octets;
    auto reply = co_await must(
        **session, fmt::format("UID FETCH {}:{} (BODY.PEEK[])", first, first + batch - 1));
    if (!reply) co_return pass(reply);
    row.samples.add(static_cast<double>(octets - before) / 1e3 / watch.milliseconds());
  }
  row.cost = meter.stop();
  row.operations = plan.repeat * batch;
  row.checked = octets;
  row.octets = octets / plan.repeat;
  row.value = row.samples.quantile(0.5);
  (*session)->on_untagged({});
  (void)co_await (*session)->logout();
  co_return row;
}

async::Task<Result<Row>> fetch_random(const Target& target, const Plan& plan) {
  auto session = co_await open_big(target);
  if (!session) co_return pass(session);
  const MessageMaker maker(plan.seed);
  Row row;
  row.unit = "us";
  std::uint64_t state = plan.seed;
  const Meter meter(target.server_pid);
  for (std::uint64_t i = 0; i < plan.repeat * 200; ++i) {
    const std::uint64_t number = next_random(state) % plan.count;
    const Stopwatch watch;
    auto reply = co_await must(**session, fmt::format("UID FETCH {} (BODY.PEEK[])", number + 1));
    const double spent = watch.milliseconds();
    if (!reply) co_return pass(reply);
    row.samples.add(spent * 1e3);
    if (reply->untagged.size() != 1 || literal_of(reply->untagged[0]) != maker.message(number))
      co_return fail(ErrorKind::io, fmt::format("message {} came back changed", number + 1));
    ++row.checked;
  }
  row.cost = meter.stop();
  row.operations = row.checked;
  row.value = row.samples.quantile(0.5);
  (void)co_await (*session)->logout();
  co_return row;
}

constexpr RowEntry kRows[] = {
    {"fetch-bodies", fetch_bodies, "a thousand whole messages; COUNT is the size of the mailbox"},
    {"fetch-random", fetch_random, "single messages, compared with what was stored"},
};

}  // namespace

std::span<const RowEntry> body_rows() { return kRows; }

}  // namespace posthorn::bench
