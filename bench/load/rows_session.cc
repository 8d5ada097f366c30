#include "async/event.h"
#include "async/gate.h"
#include "load/rows.h"

namespace posthorn::bench {
namespace {

constexpr std::uint64_t kLoginsAtOnce = 8;
constexpr std::uint64_t kLoginUserCount = 50;
constexpr std::uint64_t kSessionsPerUser = 5;

async::Task<Status> come_and_go(const Target& target, std::uint64_t user) {
  auto session = co_await sign_in(target, user);
  if (!session) co_return pass(session);
  co_return co_await (*session)->logout();
}

async::Task<void> log_in_some(const Target& target, Work& work) {
  while (const auto number = work.take()) {
    const Stopwatch watch;
    Status done = co_await come_and_go(target, kLoginUsers + *number % kLoginUserCount);
    if (!done) {
      work.failed(std::move(done.error()));
      co_return;
    }
    work.done(watch.milliseconds());
  }
}

async::Task<Result<Row>> login(const Target& target, const Plan& plan) {
  // The accounts are there and known before: making them is not what is measured.
  for (std::uint64_t i = 0; i < kLoginUserCount; ++i) {
    Status known = co_await come_and_go(target, kLoginUsers + i);
    if (!known) co_return pass(known);
  }
  const Meter meter(target.server_pid);
  Work work(plan);
  async::Gate gate;
  for (std::uint64_t i = 0; i < kLoginsAtOnce; ++i) gate.spawn(log_in_some(target, work));
  co_await gate.wait_empty();
  co_return work.rate("logins/s", meter);
}

async::Task<Result<Row>> idle_memory(const Target& target, const Plan& plan) {
  // One session of each account first, so that what an account costs once is paid.
  Status known = co_await come_and_go(target, kIdleUsers);
  if (!known) co_return pass(known);
  const std::uint64_t before = tree_memory_kib(target.server_pid);
  auto sessions = co_await sign_in_many(target, kIdleUsers, plan.count, kSessionsPerUser);
  if (!sessions) co_return pass(sessions);
  for (auto& session : *sessions) {
    auto selected = co_await must(*session, "SELECT INBOX");
    if (!selected) co_return pass(selected);
    Status idling = co_await session->idle();
    if (!idling) co_return pass(idling);
  }
  const Meter meter(target.server_pid);
  co_await async::sleep_for(std::chrono::milliseconds(plan.settle_ms));
  Row row;
  row.cost = meter.stop();
  row.unit = "KiB/session";
  row.operations = plan.count;
  const std::uint64_t after = tree_memory_kib(target.server_pid);
  row.checked = after;
  row.value =
      after > before ? static_cast<double>(after - before) / static_cast<double>(plan.count) : 0;
  for (auto& session : *sessions) session->stream().shutdown_now();
  co_return row;
}

constexpr RowEntry kRows[] = {
    {"login", login, "connect, LOGIN, LOGOUT; eight at a time"},
    {"idle-memory", idle_memory, "memory of the server for each session in IDLE"},
};

}  // namespace

std::span<const RowEntry> session_rows() { return kRows; }

}  // namespace posthorn::bench
