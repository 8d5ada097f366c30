#include "server/imap/notify/tell_others.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/fault.h"
#include "base/log.h"
#include "service/sharing/find.h"
#include "store/store.h"

namespace posthorn::server::imap {
namespace {

using async::Task;
using service::Caller;
using One = OthersTold::One;
using Whose = Notifications::Whose;

/// Watches one more account, of which nothing counts as told.
Task<Status> add(Session& session, OthersTold& others, AccountId id) {
  auto sharing = co_await service::open_sharing(session.context.store, id);
  if (!sharing) {
    // Something is wrong with one account; the client is told of the others.
    if (is_our_fault(sharing.error().kind))
      log::error("imap: account {}: changes in account {} cannot be told: {} ({})", session.name,
                 to_hex(id), sharing.error().text, sharing.error().cause);
    co_return Status();
  }
  if (others.accounts.size() >= OthersTold::kMostAccounts)
    co_return fail(ErrorKind::limit, "Too many accounts share mailboxes with this one");
  One& one = others.accounts[id];
  one.sharing = std::move(*sharing);
  one.watch = one.sharing.account->watch({}, [&session] { session.connection.wake(); });
  co_return Status();
}

/// Watches who has begun to share something. Returns those who share.
Task<Result<std::set<AccountId>>> refresh(Session& session, OthersTold& others) {
  others.is_due = false;
  auto owners = co_await service::sharers_of(session.caller());
  if (!owners) co_return owners;
  for (const AccountId& owner : *owners) {
    if (others.accounts.contains(owner)) continue;
    if (Status added = co_await add(session, others, owner); !added) co_return pass(added);
  }
  co_return owners;
}

/// The name by which the client knows a mailbox; none if a mailbox of its own has that name.
std::optional<std::string> known_name(const One& one, const store::Mailbox& mailbox,
                                      const store::AccountState& own) {
  std::string name = one.sharing.name_of(mailbox);
  if (own.names->contains(name)) return std::nullopt;
  return name;
}

/// Nothing but messages and annotations has changed: the rights and names are as they were.
void compare_messages(const Caller& caller, const One& one, const store::SharingPolicy& policy,
                      const store::AccountState& own, AccountNews& news) {
  for (service::ChangedMailbox& changed : service::changed_mailboxes(*news.before, *news.now)) {
    if (!service::may_be_told(caller, *news.now, policy, changed.after->id)) continue;
    if (auto name = known_name(one, *changed.after, own))
      news.mailboxes.push_back({std::move(changed), std::move(*name)});
  }
}

/// A state of an account with the policy by which rights were judged then.
struct Judged {
  const store::AccountState& state;
  const store::SharingPolicy& policy;

  [[nodiscard]] bool may_be_told(const Caller& caller, MailboxId mailbox) const {
    return service::may_be_told(caller, state, policy, mailbox);
  }
};

/// The entries that have changed, without those that are others' own. The keys are in order, so
/// that those of one mailbox follow each other. Annotations of no mailbox are the owner's alone.
void compare_annotations(const Caller& caller, const One& one, const Judged& before,
                         const Judged& now, const store::AccountState& own, AccountNews& news) {
  if (before.state.annotations == now.state.annotations) return;
  const auto changed =
      store::changed_annotations(*before.state.annotations, *now.state.annotations);
  for (auto it = changed.begin(); it != changed.end();) {
    const MailboxId id = it->mailbox;
    AccountNews::Annotated annotated{id, {}, {}};
    for (; it != changed.end() && it->mailbox == id; ++it)
      if (service::is_visible_to(*it, caller))
        annotated.entries.push_back({it->entry, now.state.annotations->find(*it)});
    const store::MailboxPtr mailbox = now.state.find(id);
    if (annotated.entries.empty() || !mailbox) continue;
    if (!before.may_be_told(caller, id) || !now.may_be_told(caller, id)) continue;
    auto name = known_name(one, *mailbox, own);
    if (!name) continue;
    annotated.name = std::move(*name);
    news.annotated.push_back(std::move(annotated));
  }
}

/// Rights or names have changed. `before` and `policy_before` are what was told; no state: nothing.
void compare_all(const Caller& caller, const store::StatePtr& before,
                 const store::SharingPolicy& policy_before, const store::SharingPolicy& policy,
                 AccountNews& news) {
  news.names = service::changed_names(*news.before, *news.now);
  for (const auto& [name, id] : *news.now->names) {
    if (!service::may_be_told(caller, *news.now, policy, id)) continue;
    const bool was_told = before && service::may_be_told(caller, *before, policy_before, id);
    service::ChangedMailbox changed{was_told ? before->find(id) : nullptr, news.now->find(id)};
    if (changed.before != changed.after) news.mailboxes.push_back({std::move(changed), name});
  }
}

/// A state in which there are no names, with the user's subscriptions.
store::StatePtr without_names(const store::AccountState& own) {
  auto nothing = std::make_shared<store::AccountState>();
  nothing->subscriptions = own.subscriptions;
  return nothing;
}

AccountNews news_of(const Session& session, One& one, const store::SharingPolicy& policy_before,
                    const store::SharingPolicy& policy) {
  const Caller caller = session.caller();
  const store::AccountState& own = *session.notifications->told;
  const store::StatePtr now = one.sharing.account->published();
  const store::StatePtr before = std::exchange(one.told, now);
  AccountNews news{one.sharing.account, Whose::others, before, now};
  const bool same_policy = &policy == &policy_before;
  if (before == now && same_policy) return news;
  if (before) compare_annotations(caller, one, {*before, policy_before}, {*now, policy}, own, news);
  if (before && same_policy && before->names == now->names && before->grants == now->grants) {
    compare_messages(caller, one, policy, own, news);
    news.before = news.now = without_names(own);
    return news;
  }
  news.before = before ? service::view_of(caller, one.sharing, *before, policy_before, own)
                       : without_names(own);
  news.now = service::view_of(caller, one.sharing, *now, policy, own);
  compare_all(caller, before, policy_before, policy, news);
  return news;
}

const One* find(const Session& session, const service::SharedName& name) {
  const auto& others = session.notifications->others;
  if (!others) return nullptr;
  for (const auto& [id, one] : others->accounts)
    if (one.sharing.name == name.owner && one.sharing.space == name.space && one.told) return &one;
  return nullptr;
}

}  // namespace

Task<Status> watch_others(Session& session, Notifications& notify) {
  if (!notify.reaches_others()) co_return Status();
  notify.others = std::make_unique<OthersTold>();
  co_return co_await watch_others(session, *notify.others);
}

Task<Status> watch_others(Session& session, OthersTold& others) {
  others.policy = session.context.store.policy().sharing;
  // Before the list is read, so that nothing is missed.
  others.watch = session.context.store.watch_shares([&session, &others] {
    others.is_due = true;
    session.connection.wake();
  });
  const auto owners = co_await refresh(session, others);
  for (auto& [id, one] : others.accounts) one.told = one.sharing.account->published();
  if (!owners) co_return std::unexpected(owners.error());
  co_return Status();
}

Task<Result<std::vector<AccountNews>>> annotations_of_others(Session& session, OthersTold& others,
                                                             const store::AccountState& own) {
  if (others.is_due) {
    const auto owners = co_await refresh(session, others);
    if (!owners && owners.error().kind != ErrorKind::limit)
      co_return std::unexpected(owners.error());
    if (owners)
      std::erase_if(others.accounts, [&](const auto& one) { return !owners->contains(one.first); });
  }
  const Caller caller = session.caller();
  const auto policy = session.context.store.policy().sharing;
  std::vector<AccountNews> all;
  for (auto& [id, one] : others.accounts) {
    const store::StatePtr now = one.sharing.account->published();
    const store::StatePtr before = std::exchange(one.told, now);
    if (!before || before == now) continue;
    AccountNews news{one.sharing.account, Whose::others, before, now};
    compare_annotations(caller, one, {*before, *others.policy}, {*now, *policy}, own, news);
    if (!news.annotated.empty()) all.push_back(std::move(news));
  }
  others.policy = policy;
  co_return all;
}

Task<Result<std::vector<AccountNews>>> news_of_others(Session& session) {
  std::vector<AccountNews> all;
  if (!session.notifications->others) co_return all;
  OthersTold& others = *session.notifications->others;
  std::set<AccountId> owners;
  const bool refreshed = others.is_due;
  if (refreshed) {
    auto found = co_await refresh(session, others);
    if (!found) co_return pass(found);
    owners = std::move(*found);
  }
  const auto policy = session.context.store.policy().sharing;
  for (auto& [id, one] : others.accounts) {
    AccountNews news = news_of(session, one, *others.policy, *policy);
    if (!news.names.empty() || !news.mailboxes.empty() || !news.annotated.empty())
      all.push_back(std::move(news));
  }
  others.policy = policy;
  // That they share nothing any more has just been told.
  if (refreshed)
    std::erase_if(others.accounts, [&](const auto& one) { return !owners.contains(one.first); });
  co_return all;
}

service::ListEntry entry_of_other(const Session& session, std::string_view name) {
  using Kind = service::ListEntry::Kind;
  const store::AccountState& own = *session.notifications->told;
  service::ListEntry entry;
  entry.name = name;
  entry.subscribed = own.subscriptions->contains(name);
  const auto shared = service::shared_name_of(name);
  // A level above the mailboxes of one account; the name of that account with some mailbox.
  const auto level = shared ? shared : service::shared_name_of(std::string(name) + "/x");
  entry.kind = shared ? Kind::shared : Kind::level;
  const One* const one = level ? find(session, *level) : nullptr;
  if (one == nullptr) return entry;
  const auto& policy = *session.notifications->others->policy;
  const store::StatePtr view =
      service::view_of(session.caller(), one->sharing, *one->told, policy, own);
  entry.mailbox = view->find(name);
  entry.has_children = view->has_children(name);
  return entry;
}

bool has_other_right(const Session& session, std::string_view name) {
  const auto shared = service::shared_name_of(name);
  const One* const one = shared ? find(session, *shared) : nullptr;
  const store::MailboxPtr mailbox = one != nullptr ? one->told->find(shared->mailbox) : nullptr;
  if (mailbox == nullptr) return false;
  const service::Rights rights = service::rights_of(
      session.caller(), *one->told, *session.notifications->others->policy, mailbox->id);
  return !rights.has(service::Right::lookup) && !rights.empty();
}

}  // namespace posthorn::server::imap
