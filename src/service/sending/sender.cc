#include "service/sending/sender.h"

#include <algorithm>

#include "store/format/system.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using store::SendingUsage;
using store::SentCount;

struct Window {
  std::string_view name;
  SentCount used;
  std::uint32_t messages;  ///< The limits.
  std::uint32_t recipients;
};

bool is_passed(std::uint32_t used, std::uint32_t more, std::uint32_t limit) {
  return limit != 0 && std::uint64_t{used} + more > limit;
}

Status check_window(const Window& window, std::uint32_t recipients) {
  if (window.recipients != 0 && recipients > window.recipients)
    return fail(ErrorKind::bad_argument,
                fmt::format("A message may have at most {} recipients, the limit within one {}",
                            window.recipients, window.name));
  if (is_passed(window.used.messages, 1, window.messages))
    return fail(ErrorKind::limit,
                fmt::format("The limit of {} messages within one {} is reached; try again later",
                            window.messages, window.name));
  if (is_passed(window.used.recipients, recipients, window.recipients))
    return fail(ErrorKind::limit,
                fmt::format("The limit of {} recipients within one {} is reached; try again later",
                            window.recipients, window.name));
  return {};
}

bool is_granted(const store::SendingSettings& settings, const EnvelopeAddress& address) {
  const std::string whole = store::normalize_address(address.written);
  const std::string domain = store::normalize_address("@" + address.domain);
  return std::ranges::any_of(settings.may_send_as, [&](const std::string& granted) {
    return granted == whole || granted == domain;
  });
}

}  // namespace

namespace {

/// What a member of a team may do with the team's address.
async::Task<Result<SenderRight>> right_of_member(store::AccountPtr member, AccountId owner) {
  store::Store& store = member->store();
  auto profile = co_await store.profile(owner);
  if (!profile) co_return pass(profile);
  if (!profile->team || profile->disabled) co_return SenderRight{};
  auto team = co_await store.account(owner);
  if (!team) co_return pass(team);
  const std::optional<store::Team>& known = (*team)->published()->sending->team;
  const store::TeamMember* const found = known ? known->find(member->id()) : nullptr;
  if (found == nullptr) co_return SenderRight{};
  switch (found->sending) {
    case store::TeamSending::none: break;
    case store::TeamSending::on_behalf:
      co_return SenderRight{SenderRight::Kind::on_behalf, std::move(*team)};
    case store::TeamSending::as_team:
      co_return SenderRight{SenderRight::Kind::as_team, std::move(*team)};
  }
  co_return SenderRight{};
}

}  // namespace

async::Task<Result<SenderRight>> sender_right(const FindAddress& find, std::string_view separator,
                                              store::AccountPtr account, EnvelopeAddress address) {
  if (is_granted(*account->published()->sending, address))
    co_return SenderRight{SenderRight::Kind::own};
  auto owner = co_await find_owner(find, separator, address);
  if (!owner) co_return pass(owner);
  if (!owner->entry || !owner->entry->targets.empty()) co_return SenderRight{};
  if (owner->entry->account == account->id()) co_return SenderRight{SenderRight::Kind::own};
  co_return co_await right_of_member(std::move(account), owner->entry->account);
}

async::Task<Result<bool>> may_send_as(const FindAddress& find, std::string_view separator,
                                      store::AccountPtr account, EnvelopeAddress address) {
  auto right = co_await sender_right(find, separator, std::move(account), std::move(address));
  if (!right) co_return pass(right);
  co_return right->kind == SenderRight::Kind::own || right->kind == SenderRight::Kind::as_team;
}

Status check_limits(const SendingUsage& usage, const SendingLimits& limits,
                    std::uint32_t recipients, Timestamp now) {
  const Window hour{"hour", usage.hour.used(SendingUsage::kHour, now.seconds),
                    limits.messages_per_hour, limits.recipients_per_hour};
  if (Status ok = check_window(hour, recipients); !ok) return ok;
  const Window day{"day", usage.day.used(SendingUsage::kDay, now.seconds), limits.messages_per_day,
                   limits.recipients_per_day};
  return check_window(day, recipients);
}

async::Task<Status> count_message(store::AccountPtr account, SendingLimits limits,
                                  std::uint32_t recipients, std::uint64_t session) {
  const Timestamp now = account->store().clock().now();
  auto counted = co_await account->change(
      store::Actor::user(account->id()).over(session), {}, [&](store::Change& change) -> Status {
        SendingUsage usage = change.state().usage;
        if (Status ok = check_limits(usage, limits, recipients, now); !ok) return ok;
        usage.hour.add(SendingUsage::kHour, now.seconds, {1, recipients});
        usage.day.add(SendingUsage::kDay, now.seconds, {1, recipients});
        change.set_usage(std::move(usage));
        return {};
      });
  if (!counted) co_return pass(counted);
  co_return Status();
}

bool keeps_sent(const store::AccountState& state, const SendingRules& rules) {
  switch (state.sending->keep_sent) {
    case store::KeepSent::always: return true;
    case store::KeepSent::never: return false;
    case store::KeepSent::as_server: break;
  }
  return rules.keep_sent;
}

}  // namespace posthorn::service
