#include "service/sending/team_sent.h"

#include <vector>

#include "base/log.h"
#include "service/sending/filed_copies.h"
#include "service/sending/sender.h"
#include "service/sharing/team.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using async::Task;
using store::Change;
using store::FiledCopy;

/// Nobody in particular: \Seen then counts for all members.
const store::Actor kBy = store::Actor::delivery();

Task<std::optional<FiledCopy>> find_copy(const TeamCopy& copy, const SendingRules& rules) {
  const auto sent = copy.team->published()->find_special(store::SpecialUse::sent);
  if (!sent) co_return std::nullopt;
  for (const auto by : {FiledCopy::By::client, FiledCopy::By::submission}) {
    const auto found =
        co_await find_filed_copy(copy.team, sent->id, copy.email, by, rules.duplicate_window);
    if (found) co_return found;
  }
  co_return std::nullopt;
}

Result<TeamSent> file(Change& change, const TeamCopy& copy, const SendingRules& rules,
                      Timestamp now) {
  auto mailbox = sent_mailbox(change);
  if (!mailbox) return pass(mailbox);
  auto uid = change.append(*mailbox, copy.email, {bit(SystemFlag::seen), {}}, now);
  if (!uid) return pass(uid);
  const FiledCopy filed{now.seconds, message_id_hash(copy.email), *mailbox,
                        *uid,        change.newest_email(),       FiledCopy::By::submission};
  if (rules.duplicate_window.count() != 0) {
    store::SendingUsage usage = change.state().usage;
    note_filed_copy(usage, filed, rules.duplicate_window);
    change.set_usage(std::move(usage));
  }
  return TeamSent{filed, true};
}

}  // namespace

Task<Result<std::optional<TeamSent>>> file_for_team(TeamCopy copy, SendingRules rules) {
  if (!keeps_sent(*copy.team->published(), rules)) co_return std::nullopt;
  const std::optional<FiledCopy> known = co_await find_copy(copy, rules);
  std::vector<MailboxId> needs;
  if (known) needs.push_back(known->mailbox);
  const Timestamp now = copy.team->store().clock().now();
  auto done = co_await copy.team->change(kBy, std::move(needs), [&](Change& change) {
    if (known && is_still_there(change.state(), *known))
      return Result<TeamSent>(TeamSent{*known, false});
    return file(change, copy, rules, now);
  });
  if (!done && done.error().kind == ErrorKind::over_quota) {
    log::warning("account {}: no room for a copy of what a member of this team has sent",
                 to_hex(copy.team->id()));
    co_return std::nullopt;
  }
  if (!done) co_return pass(done);
  co_await subscribe_members(copy.team);
  co_return std::optional(done->value);
}

Task<void> take_back(store::AccountPtr team, FiledCopy copy) {
  NumberSet uid;
  uid.add(copy.uid.value);
  auto done = co_await team->change(kBy, {copy.mailbox}, [&](Change& change) -> Status {
    if (!is_still_there(change.state(), copy)) return {};
    auto gone = change.expunge(copy.mailbox, uid);
    return gone ? Status() : pass(gone);
  });
  if (!done)
    log::warning("account {}: the copy of a message that was not sent stays: {}",
                 to_hex(team->id()), done.error().text);
}

}  // namespace posthorn::service
