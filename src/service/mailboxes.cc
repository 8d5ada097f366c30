#include "service/mailboxes.h"

#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "service/sharing/find.h"
#include "service/sharing/shared_name.h"
#include "service/sharing/team.h"
#include "service/subscriptions.h"
#include "store/store.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::service {
namespace {

using async::Task;
using store::Change;

constexpr std::string_view kInbox = "INBOX";

Status as_status(Result<bool> changed) { return changed ? Status() : pass(changed); }

/// The name that a mailbox has in its own account; empty if it no longer exists.
std::string own_name(const store::AccountState& state, MailboxId id) {
  const store::MailboxPtr mailbox = state.find(id);
  return mailbox ? mailbox->name : std::string();
}

Task<Status> delete_loaded(MailboxRef mailbox) {
  auto receipt =
      co_await mailbox.account->change(mailbox.actor, {mailbox.id}, [&](Change& change) -> Status {
        const std::string name = own_name(change.state(), mailbox.id);
        if (Status done = change.delete_mailbox(name); !done) return done;
        return as_status(change.unsubscribe(name));
      });
  co_return receipt ? Status() : pass(receipt);
}

std::unexpected<Error> may_not_create() {
  return fail(ErrorKind::no_permission, "You do not have the right to create this mailbox");
}

/// Errors: already_exists, no_permission, if a name is that of the mailbox of removed messages or
/// would be below it.
Status leave_removed_alone(const Caller& caller, std::string_view name) {
  const store::MailboxPtr removed = removed_mailbox(caller);
  if (removed == nullptr || !name.starts_with(removed->name)) return {};
  name.remove_prefix(removed->name.size());
  if (name.empty())
    return fail(ErrorKind::already_exists, "This is the mailbox that shows deleted messages");
  if (name.front() != store::kDelimiter) return {};
  return fail(ErrorKind::bad_argument,
              "There can be no mailbox below the one for deleted messages");
}

/// RFC 4314 §4: "k" on the nearest mailbox above. Answered before anything is said of the mailbox
/// itself, also if it exists and the caller may not know that.
Task<Result<Place>> place_for_new(Caller caller, std::string name) {
  if (Status ok = leave_removed_alone(caller, name); !ok) co_return pass(ok);
  auto place = co_await place_of(caller, std::move(name));
  if (!place && place.error().kind == ErrorKind::not_found) co_return may_not_create();
  if (!place) co_return place;
  if (!place->above.has(Right::create_below)) co_return may_not_create();
  if (const auto there = place->account->published()->find(place->name)) {
    const MailboxRef existing{place->account, there->id, caller.actor, Rights()};
    if (!rights_now(caller, existing).has(Right::lookup)) co_return may_not_create();
  }
  co_return place;
}

Task<Status> subscribe_to(Caller caller, std::string name) {
  auto receipt = co_await caller.account->change(
      caller.actor, {}, [&](Change& change) { return as_status(change.subscribe(name)); });
  co_return receipt ? Status() : pass(receipt);
}

/// Who was given rights on renamed mailboxes keeps the subscriptions. What fails here is logged:
/// the mailbox has been renamed, and a lost subscription is the smaller harm.
Task<void> move_others_subscriptions(store::AccountPtr account, std::string from, std::string to) {
  const store::StatePtr state = account->published();
  if (state->grants->empty()) co_return;
  std::set<AccountId> readers;
  for (const auto& [key, grant] : state->grants->all()) {
    const std::string name = own_name(*state, key.mailbox);
    if (name == to || name.starts_with(to + store::kDelimiter)) readers.insert(grant.account);
  }
  readers.erase(AccountId{});
  readers.erase(account->id());
  if (readers.empty()) co_return;
  store::Store& store = account->store();
  const auto owner = co_await store.profile(account->id());
  if (!owner) co_return;
  const std::string before = shared_name(owner->name, from, space_of(*owner));
  const std::string after = shared_name(owner->name, to, space_of(*owner));
  for (const AccountId& reader : readers) {
    auto opened = co_await store.account(reader);
    if (!opened) continue;
    auto moved = co_await (*opened)->change(
        store::Actor::user(account->id()), {},
        [&](Change& change) { return move_subscriptions(change, before, after); });
    if (!moved)
      log::warning("account {}: the subscription of \"{}\" did not follow its new name: {}",
                   to_hex(reader), before, moved.error().text);
  }
}

/// The form in which a name is subscribed.
std::string canonical(const Caller& caller, std::string name) {
  const store::StatePtr state = caller.account->published();
  if (state->names->contains(name) || state->subscriptions->contains(name)) return name;
  const auto shared = shared_name_of(name);
  return shared ? shared_name(*shared) : name;
}

}  // namespace

std::string without_delimiter_at_end(std::string name) {
  if (name.size() > 1 && name.back() == store::kDelimiter) name.pop_back();
  return name;
}

bool can_create_for(store::SpecialUses uses) {
  return (uses & (bit(store::SpecialUse::all) | bit(store::SpecialUse::flagged))) == 0;
}

Task<Result<MailboxRef>> create_mailbox(Caller caller, std::string name, store::SpecialUses uses) {
  if (!can_create_for(uses))
    co_return fail(ErrorKind::no_permission, "No mailbox can be created for that use");
  name = without_delimiter_at_end(std::move(name));
  const auto place = co_await place_for_new(caller, name);
  if (!place) co_return std::unexpected(place.error());
  const bool is_own = place->is_own(caller);
  const store::NewMailbox wanted{place->name, is_own ? uses : store::SpecialUses{0}, is_own};
  auto made = co_await place->account->change(
      caller.actor, {}, [&](Change& change) { return change.create_mailbox(wanted); });
  if (!made) co_return pass(made);
  MailboxRef mailbox{place->account, made->value, caller.actor, Rights()};
  mailbox.rights = rights_now(caller, mailbox);
  if (!is_own) {
    if (Status done = co_await subscribe_to(caller, canonical(caller, name)); !done)
      co_return pass(done);
    co_await subscribe_members(place->account);
  }
  co_return mailbox;
}

Task<Status> delete_mailbox(Caller caller, std::string name) {
  auto mailbox = co_await find_mailbox(caller, name, {Right::remove});
  if (!mailbox) co_return pass(mailbox);
  Status done = co_await delete_loaded(*mailbox);
  const std::string is_now = own_name(*mailbox->account->published(), mailbox->id);
  if (!done && is_now != kInbox && store::is_damage(done.error().kind)) {
    auto readable = co_await mailbox->account->load_readable(mailbox->id);
    if (!readable) co_return pass(readable);
    done = co_await delete_loaded(*mailbox);
    // Otherwise all sessions would continue to see the mailbox without its unreadable messages.
    if (!done) (void)co_await mailbox->account->forget_contents();
  }
  if (done && mailbox->is_foreign()) co_return co_await unsubscribe(caller, std::move(name));
  co_return done;
}

namespace {

/// Renames within one account; the names are those of its owner.
Task<Status> rename_within(store::AccountPtr account, store::Actor actor, std::string from,
                           std::string to) {
  // Only renaming INBOX needs contents. A level without a mailbox of its own can be renamed too.
  std::vector<MailboxId> needs;
  if (const auto mailbox = account->published()->find(from)) needs.push_back(mailbox->id);
  auto receipt = co_await account->change(actor, std::move(needs), [&](Change& change) -> Status {
    if (Status done = change.rename_mailbox(from, to); !done) return done;
    // INBOX itself and the mailboxes below it keep their names.
    if (from != kInbox)
      if (Status done = move_subscriptions(change, from, to); !done) return done;
    return as_status(change.subscribe(to));
  });
  if (!receipt) co_return pass(receipt);
  if (from != kInbox) co_await move_others_subscriptions(account, from, to);
  co_return Status();
}

}  // namespace

Task<Status> rename_mailbox(Caller caller, std::string from, std::string to) {
  to = without_delimiter_at_end(std::move(to));
  if (is_removed_mailbox(caller, from))
    co_return fail(ErrorKind::bad_argument,
                   "Only the operator can rename the mailbox that shows deleted messages");
  const auto source = co_await place_of(caller, from);
  if (!source) co_return std::unexpected(source.error());
  if (!source->is_own(caller)) {
    const auto mailbox = co_await find_mailbox(caller, from, {Right::remove});
    if (!mailbox) co_return std::unexpected(mailbox.error());
    if (source->name == kInbox)
      co_return fail(ErrorKind::bad_argument, "Only its owner can rename an INBOX");
  }
  const auto target = co_await place_for_new(caller, to);
  if (!target) co_return std::unexpected(target.error());
  if (target->account->id() != source->account->id())
    co_return fail(ErrorKind::not_supported, "A mailbox cannot be moved to another account");
  Status done = co_await rename_within(source->account, caller.actor, source->name, target->name);
  if (!done || source->is_own(caller)) co_return done;
  // Its user may have it through a group.
  const std::string before = canonical(caller, from);
  const std::string after = canonical(caller, to);
  auto moved = co_await caller.account->change(
      caller.actor, {}, [&](Change& change) { return move_subscriptions(change, before, after); });
  co_return moved ? Status() : pass(moved);
}

Task<Status> subscribe(Caller caller, std::string name) {
  const bool is_own =
      !is_in_shared_namespace(name) || caller.account->published()->names->contains(name);
  if (!is_own) {
    const auto mailbox = co_await find_mailbox(caller, name, {Right::lookup});
    if (!mailbox) co_return std::unexpected(mailbox.error());
  }
  std::string known = canonical(caller, std::move(name));
  co_return co_await subscribe_to(std::move(caller), std::move(known));
}

Task<Status> unsubscribe(Caller caller, std::string name) {
  name = canonical(caller, std::move(name));
  auto receipt = co_await caller.account->change(
      caller.actor, {}, [&](Change& change) { return as_status(change.unsubscribe(name)); });
  co_return receipt ? Status() : pass(receipt);
}

Task<Status> ensure_mailbox(Caller caller, std::string name) {
  auto receipt = co_await caller.account->change(caller.actor, {}, [&](Change& change) -> Status {
    if (change.state().find(name)) return as_status(change.subscribe(name));
    auto made = change.create_mailbox({.name = name, .subscribe = true});
    return made ? Status() : pass(made);
  });
  co_return receipt ? Status() : pass(receipt);
}

}  // namespace posthorn::service
