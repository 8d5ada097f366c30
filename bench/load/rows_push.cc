#include "async/event.h"
#include "async/gate.h"
#include "load/message.h"
#include "load/rows.h"

namespace posthorn::bench {
namespace {

constexpr std::chrono::milliseconds kPatience{40'000};
constexpr std::chrono::milliseconds kPause{60};
constexpr std::uint64_t kFanoutRounds = 5;

/// When the idler hears of a new message. Errors: timed_out.
async::Task<Result<double>> hear_exists(client::ImapClient& idler, const Stopwatch& since) {
  while (true) {
    auto heard = co_await idler.idle_next(kPatience);
    if (!heard) co_return pass(heard);
    if (!*heard) co_return fail(ErrorKind::timed_out, "no EXISTS came");
    if ((*heard)->ends_with(" EXISTS")) co_return since.milliseconds();
  }
}

struct Round {
  Stopwatch since;
  double last_ms = 0;
  std::optional<Error> error;
};

async::Task<void> listen(client::ImapClient& idler, Round& round) {
  auto at = co_await hear_exists(idler, round.since);
  if (!at)
    round.error = std::move(at.error());
  else if (*at > round.last_ms)
    round.last_ms = *at;
}

/// From the first octet of an APPEND to the EXISTS at the last of the idlers.
async::Task<Result<double>> push_once(client::ImapClient& sender, std::vector<Session>& idlers,
                                      std::string message) {
  Round round;
  async::Gate gate;
  for (auto& idler : idlers) gate.spawn(listen(*idler, round));
  round.since.reset();
  Status sent = co_await append(sender, std::move(message));
  co_await gate.wait_empty();
  if (!sent) co_return pass(sent);
  if (round.error) co_return std::unexpected(std::move(*round.error));
  co_return round.last_ms;
}

async::Task<Result<Row>> push(const Target& target, const Plan& plan, std::uint64_t listeners,
                              std::uint64_t rounds) {
  auto sender = co_await sign_in(target, kPushUser);
  if (!sender) co_return pass(sender);
  auto idlers = co_await sign_in_many(target, kPushUser, listeners, listeners);
  if (!idlers) co_return pass(idlers);
  for (auto& idler : *idlers) {
    auto selected = co_await must(*idler, "SELECT INBOX");
    if (!selected) co_return pass(selected);
    Status idling = co_await idler->idle();
    if (!idling) co_return pass(idling);
  }
  const MessageMaker maker(plan.seed);
  const Meter meter(target.server_pid);
  const Stopwatch whole;
  Row row;
  row.unit = "ms";
  for (std::uint64_t i = 0; i < rounds && whole.milliseconds() < plan.seconds * 1e3; ++i) {
    auto last = co_await push_once(**sender, *idlers, maker.message(i));
    if (!last) co_return pass(last);
    row.samples.add(*last);
    co_await async::sleep_for(kPause);
  }
  row.cost = meter.stop();
  row.operations = row.samples.size();
  row.value = row.samples.quantile(0.5);
  for (auto& idler : *idlers) idler->stream().shutdown_now();
  (void)co_await (*sender)->logout();
  co_return row;
}

async::Task<Result<Row>> idle_latency(const Target& target, const Plan& plan) {
  return push(target, plan, 1, plan.count);
}

async::Task<Result<Row>> fanout(const Target& target, const Plan& plan) {
  return push(target, plan, plan.count, kFanoutRounds);
}

constexpr RowEntry kRows[] = {
    {"idle-latency", idle_latency, "from APPEND to EXISTS at a session in IDLE"},
    {"fanout", fanout, "the same at the last of COUNT sessions on one mailbox"},
};

}  // namespace

std::span<const RowEntry> push_rows() { return kRows; }

}  // namespace posthorn::bench
