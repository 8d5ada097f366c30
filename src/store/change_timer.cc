#include "store/change_timer.h"

#include <string_view>

#include "base/log_event.h"

namespace posthorn::store {
namespace {

using Clock = std::chrono::steady_clock;

std::string_view name_of(Actor::Kind kind) {
  switch (kind) {
    case Actor::Kind::user: return "user";
    case Actor::Kind::delivery: return "delivery";
    case Actor::Kind::administrator: return "administrator";
    case Actor::Kind::upkeep: return "upkeep";
  }
  return "upkeep";
}

}  // namespace

ChangeTimer::ChangeTimer()
    : logs_(log::enabled(log::Level::debug)), began_(logs_ ? Clock::now() : Clock::time_point()) {}

void ChangeTimer::note(const Actor& by, const AccountId& account,
                       const Result<ChangeReceipt>& receipt) const {
  if (!logs_) return;
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began_);
  log::Event event("change");
  event.session(by.session).word("by", name_of(by.kind)).word("account", to_hex(account));
  if (receipt) {
    event.word("outcome", receipt->changed ? "committed" : "nothing_to_do");
    // That of a state that has the change; the state may have younger ones as well.
    event.number("modseq", receipt->state->seq.value);
  } else {
    event.word("outcome", posthorn::name_of(receipt.error().kind));
  }
  event.number("microseconds", static_cast<std::uint64_t>(took.count())).write(log::Level::debug);
}

}  // namespace posthorn::store
