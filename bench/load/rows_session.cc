#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "async/event.h"
#include "async/gate.h"
#include "load/rows.h"

namespace posthorn::bench {
namespace {

constexpr std::uint64_t kLoginsAtOnce = 8;
constexpr std::uint64_t kLoginUserCount = 50;
constexpr std::uint64_t kSessionsPerUser = 5;
constexpr std::uint64_t kFewestIdlers = 20;  // Fewer say nothing about each.
constexpr std::uint64_t kOpenedAtOnce = 16;
constexpr std::uint64_t kMemoryToLeaveKib = 2U << 20;

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

std::uint64_t available_memory_kib() {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("MemAvailable:")) return std::strtoull(line.c_str() + 13, nullptr, 10);
  return UINT64_MAX;
}

/// Sessions in IDLE, as many as the plan wants, the time allows and the machine holds.
struct Crowd {
  const Target& target;
  const Plan& plan;
  Channel channel;
  Stopwatch watch = {};
  std::uint64_t next = 0;
  std::vector<Session> sessions = {};
  std::optional<Error> error = {};

  [[nodiscard]] bool full() const {
    return error || next >= plan.count || watch.milliseconds() > plan.seconds * 1e3 ||
           (next % 64 == 0 && available_memory_kib() < kMemoryToLeaveKib);
  }
};

async::Task<void> gather_some(Crowd& crowd) {
  while (!crowd.full()) {
    const std::uint64_t user = kIdleUsers + crowd.next++ / kSessionsPerUser;
    auto session = co_await sign_in_idle(crowd.target, user, crowd.channel);
    if (session)
      crowd.sessions.push_back(std::move(*session));
    else
      crowd.error = std::move(session.error());
  }
}

async::Task<void> gather(Crowd& crowd) {
  async::Gate gate;
  for (std::uint64_t i = 0; i < kOpenedAtOnce; ++i) gate.spawn(gather_some(crowd));
  co_await gate.wait_empty();
}

struct WarmUp {
  const Target& target;
  std::uint64_t users;
  double patience_ms;
  Stopwatch watch = {};
  std::uint64_t next = 0;
  std::optional<Error> error = {};
};

async::Task<void> warm_some(WarmUp& warm) {
  while (warm.next < warm.users && !warm.error && warm.watch.milliseconds() < warm.patience_ms) {
    Status known = co_await come_and_go(warm.target, kIdleUsers + warm.next++);
    if (!known) warm.error = std::move(known.error());
  }
}

/// Makes the accounts, and the pools and caches that one session of each account needs once.
async::Task<Status> warm_up(const Target& target, const Plan& plan) {
  WarmUp warm{target, (plan.count + kSessionsPerUser - 1) / kSessionsPerUser, plan.seconds * 500};
  async::Gate gate;
  for (std::uint64_t i = 0; i < kLoginsAtOnce; ++i) gate.spawn(warm_some(warm));
  co_await gate.wait_empty();
  if (warm.error) co_return std::unexpected(std::move(*warm.error));
  co_return Status();
}

async::Task<Result<Row>> idle_memory(const Target& target, const Plan& plan, Channel channel) {
  Status warm = co_await warm_up(target, plan);
  if (!warm) co_return pass(warm);
  // What served those that have gone is to be gone as well.
  co_await async::sleep_for(std::chrono::milliseconds(plan.settle_ms));
  const std::uint64_t before = tree_memory_kib(target.server_pid);
  Crowd crowd{target, plan, channel};
  co_await gather(crowd);
  const std::uint64_t sessions = crowd.sessions.size();
  // What the machine does not give is no failure of the row: it says how many there were.
  if (crowd.error && sessions < kFewestIdlers) co_return std::unexpected(std::move(*crowd.error));
  if (crowd.error)
    fmt::print(stderr, "no more than {} sessions: {} {}\n", sessions, crowd.error->text,
               crowd.error->cause);
  const Meter meter(target.server_pid);
  co_await async::sleep_for(std::chrono::milliseconds(plan.settle_ms));
  Row row;
  row.cost = meter.stop();
  row.unit = "KiB/session";
  row.operations = sessions;
  const std::uint64_t after = tree_memory_kib(target.server_pid);
  row.checked = sessions;
  row.value = static_cast<double>(after - std::min(before, after)) / static_cast<double>(sessions);
  for (auto& session : crowd.sessions) session->stream().shutdown_now();
  co_return row;
}

async::Task<Result<Row>> idle_memory_clear(const Target& target, const Plan& plan) {
  return idle_memory(target, plan, Channel::clear);
}

async::Task<Result<Row>> idle_memory_tls(const Target& target, const Plan& plan) {
  return idle_memory(target, plan, Channel::tls);
}

/// Says "ready" and keeps the sessions until its standard input ends.
async::Task<Result<Row>> idle_hold(const Target& target, const Plan& plan) {
  Status warm = co_await warm_up(target, plan);
  if (!warm) co_return pass(warm);
  Crowd crowd{target, plan, Channel::clear};
  co_await gather(crowd);
  if (crowd.error && crowd.sessions.empty()) co_return std::unexpected(std::move(*crowd.error));
  fmt::print("ready {}\n", crowd.sessions.size());
  std::fflush(stdout);
  const Meter meter(target.server_pid);
  while (std::getchar() != EOF) {
  }
  Row row;
  row.cost = meter.stop();
  row.unit = "sessions";
  row.operations = crowd.sessions.size();
  row.value = static_cast<double>(row.operations);
  for (auto& session : crowd.sessions) session->stream().shutdown_now();
  co_return row;
}

constexpr RowEntry kRows[] = {
    {"login", login, "connect, LOGIN, LOGOUT; eight at a time"},
    {"idle-memory", idle_memory_clear,
     "memory of the server for each of COUNT sessions in IDLE, opened in SECONDS"},
    {"idle-memory-tls", idle_memory_tls, "the same with TLS"},
    {"idle-hold", idle_hold, "COUNT sessions in IDLE until standard input ends"},
};

}  // namespace

std::span<const RowEntry> session_rows() { return kRows; }

}  // namespace posthorn::bench
