#include "async/event.h"
#include "async/gate.h"
#include "load/listeners.h"
#include "load/lmtp_client.h"
#include "load/message.h"
#include "load/rows.h"

namespace posthorn::bench {
namespace {

constexpr std::chrono::milliseconds kPatience{40'000};
constexpr std::chrono::milliseconds kPause{20};
/// Long enough for a server that puts idle sessions away to have done so.
constexpr std::chrono::milliseconds kLull{2500};

/// Brings a message into the mailbox of kPushUser.
using Sender = std::move_only_function<async::Task<Status>(std::string message)>;

/// When the idler hears of a new message. Errors: timed_out.
async::Task<Result<double>> hear_exists(client::ImapClient& idler, const Stopwatch& since) {
  while (true) {
    auto heard = co_await idler.idle_next(kPatience);
    if (!heard) co_return pass(heard);
    if (!*heard) co_return fail(ErrorKind::timed_out, "no EXISTS came");
    if ((*heard)->ends_with(" EXISTS")) co_return since.milliseconds();
  }
}

async::Task<void> listen(client::ImapClient& idler, const Stopwatch& since, Result<double>& heard) {
  heard = co_await hear_exists(idler, since);
}

/// From the first octet sent to the EXISTS at the idler, which may come before the sender's OK.
async::Task<Result<double>> push_once(Sender& send, client::ImapClient& idler,
                                      std::string message) {
  Result<double> heard = 0.0;
  Stopwatch since;
  async::Gate gate;
  gate.spawn(listen(idler, since, heard));
  since.reset();
  Status sent = co_await send(std::move(message));
  co_await gate.wait_empty();
  if (!sent) co_return pass(sent);
  co_return heard;
}

async::Task<Result<Row>> push(const Target& target, const Plan& plan, Sender send) {
  auto idler = co_await sign_in_idle(target, kPushUser);
  if (!idler) co_return pass(idler);
  const MessageMaker maker(plan.seed);
  const Meter meter(target.server_pid);
  const Stopwatch whole;
  Row row;
  row.unit = "ms";
  for (std::uint64_t i = 0; i < plan.count && whole.milliseconds() < plan.seconds * 1e3; ++i) {
    auto heard = co_await push_once(send, **idler, maker.message(i));
    if (!heard) co_return pass(heard);
    row.samples.add(*heard);
    co_await async::sleep_for(kPause);
  }
  row.cost = meter.stop();
  row.operations = row.samples.size();
  row.value = row.samples.quantile(0.5);
  (*idler)->stream().shutdown_now();
  co_return row;
}

async::Task<Result<Row>> idle_append(const Target& target, const Plan& plan) {
  auto client = co_await sign_in(target, kPushUser);
  if (!client) co_return pass(client);
  auto row = co_await push(target, plan, [&client](std::string message) {
    return append(**client, std::move(message));
  });
  (void)co_await (*client)->logout();
  co_return row;
}

async::Task<Status> deliver(LmtpClient& client, std::string recipient, std::string message) {
  co_return co_await client.deliver({std::move(recipient)}, message);
}

async::Task<Result<Row>> idle_lmtp(const Target& target, const Plan& plan) {
  auto client = co_await LmtpClient::connect(target.host, target.lmtp_port);
  if (!client) co_return pass(client);
  auto row = co_await push(target, plan, [&](std::string message) {
    return deliver(**client, user_name(target, kPushUser), std::move(message));
  });
  co_await (*client)->quit();
  co_return row;
}

async::Task<Result<Row>> fanout(const Target& target, const Plan& plan) {
  // Half of the time is for those that come, half for the rounds.
  auto listeners = Listeners::open(target, kPushUser, plan.count, plan.seconds * 500);
  if (!listeners) co_return pass(listeners);
  const MessageMaker maker(plan.seed);
  const Meter meter(target.server_pid);
  const Stopwatch whole;
  Row row;
  row.unit = "ms";
  for (std::uint64_t i = 0; i < plan.repeat && whole.milliseconds() < plan.seconds * 500; ++i) {
    co_await async::sleep_for(kLull);
    auto last =
        listeners->append_and_wait(maker.message(i), static_cast<double>(kPatience.count()));
    if (!last) co_return pass(last);
    row.samples.add(*last);
  }
  row.cost = meter.stop();
  row.operations = row.samples.size();
  row.checked = listeners->count();
  row.value = row.samples.quantile(0.5);
  co_return row;
}

constexpr RowEntry kRows[] = {
    {"idle-append", idle_append, "from APPEND to EXISTS at a session in IDLE"},
    {"idle-lmtp", idle_lmtp, "from an LMTP delivery to EXISTS at a session in IDLE"},
    {"fanout", fanout, "from APPEND to EXISTS at the last of COUNT sessions on one mailbox"},
};

}  // namespace

std::span<const RowEntry> push_rows() { return kRows; }

}  // namespace posthorn::bench
