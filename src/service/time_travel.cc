#include "service/time_travel.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "async/offload.h"
#include "async/wait.h"
#include "service/rename_back.h"
#include "store/read/email_reader.h"
#include "store/read/past.h"
#include "store/read/removed.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using async::Task;
using store::Change;
using store::Past;
using store::PastMailbox;
using store::StoredRow;

/// Where messages go whose mailbox has no name any more.
constexpr std::string_view kRecovered = "Recovered";

using Ordinals = std::unordered_set<Ordinal>;

/// The messages that an account had at the time, wherever they were.
struct ThenThere {
  Ordinals ordinals;
  Ordinal newest;  ///< Later ones have arrived since.

  void add(Ordinal ordinal) {
    ordinals.insert(ordinal);
    newest = std::max(newest, ordinal);
  }
};

/// Everything that is needed to compute the change.
struct Plan {
  Past past;
  Ordinals lost;  ///< Removed messages whose content cannot be read.
  Ordinals gone;  ///< Messages that had been removed by then; some may have been brought back.
  Seq seq;        ///< Of the state that `past` is the difference from.
};

/// Turns the account that a change starts from into the one it was.
class Undoing {
 public:
  Undoing(Change& change, const Plan& plan) : change_(change), plan_(plan) {}

  Result<TimeTravel> undo() {
    if (Status done = names(); !done) return pass(done);
    if (Status done = deleted_mailboxes(); !done) return pass(done);
    find_then_there();
    find_returned();
    // Room is made first.
    for (const auto& [id, past] : plan_.past.mailboxes)
      if (Status done = remove_later(id, past); !done) return pass(done);
    for (const auto& [id, past] : plan_.past.mailboxes)
      if (Status done = flags(id, past); !done) return pass(done);
    for (const auto& [id, past] : plan_.past.mailboxes)
      if (Status done = bring_back(id, past); !done) return pass(done);
    return summary();
  }

 private:
  Status names() {
    std::map<MailboxId, std::string> then;
    for (const auto& [name, id] : *change_.state().names) {
      before_.emplace(id, name);
      const auto it = plan_.past.mailboxes.find(id);
      if (it == plan_.past.mailboxes.end()) {
        then.emplace(id, name);
      } else if (!it->second.created) {
        then.emplace(id, it->second.name.value_or(name));
      }
    }
    return rename_back(change_, std::move(then));
  }

  /// Finds or creates a mailbox for what was in a deleted one.
  Status deleted_mailboxes() {
    for (const auto& [id, past] : plan_.past.mailboxes) {
      if (!past.deleted || past.created) continue;
      if (!past.was && past.gone.empty()) continue;
      const std::string name = past.name.value_or(std::string(kRecovered));
      if (const store::MailboxPtr there = change_.state().find(name)) {
        targets_.emplace(id, there->id);
        continue;
      }
      store::SpecialUses uses = 0;
      if (past.was)
        for (unsigned use = 1; use <= UINT8_MAX; use <<= 1U)
          if ((past.was->special_use & use) != 0 &&
              !change_.state().find_special(static_cast<store::SpecialUse>(use)))
            uses |= static_cast<store::SpecialUses>(use);
      const bool subscribe = !past.was || past.was->subscribed;
      auto made =
          change_.create_mailbox({.name = name, .special_use = uses, .subscribe = subscribe});
      if (!made) return pass(made);
      targets_.emplace(id, *made);
      place(*made).created = true;
    }
    return {};
  }

  void find_then_there() {
    for (const auto& [id, mailbox] : change_.state().mailboxes) {
      const auto past = plan_.past.mailboxes.find(id);
      const NumberSet* const came =
          past == plan_.past.mailboxes.end() ? nullptr : &past->second.came;
      const store::Members& members = mailbox->contents->members();
      members.for_each(0, members.count(),
                       [&](std::uint32_t, const store::MemberLeaf& leaf, std::uint32_t k) {
                         if (came == nullptr || !came->contains(leaf.uid[k]))
                           there_.add(Ordinal(leaf.ordinal[k]));
                       });
    }
    for (const auto& [id, past] : plan_.past.mailboxes)
      for (const auto& [uid, row] : past.gone)
        if (!plan_.lost.contains(row.member.ordinal)) there_.add(row.member.ordinal);
  }

  /// The present mailbox for what was in one; none if there is none.
  std::optional<MailboxId> target_of(MailboxId id) const {
    if (change_.state().find(id)) return id;
    const auto other = targets_.find(id);
    if (other == targets_.end()) return std::nullopt;
    return other->second;
  }

  /// Finds the messages that are in their former mailbox again, with another UID: they stay.
  void find_returned() {
    for (const auto& [id, past] : plan_.past.mailboxes) {
      const auto target = target_of(id);
      if (past.gone.empty() || !target) continue;
      const store::MailboxPtr mailbox = change_.state().find(*target);
      const auto now = plan_.past.mailboxes.find(*target);
      if (!mailbox || now == plan_.past.mailboxes.end()) continue;
      std::map<Ordinal, std::uint32_t> came;
      const store::Members& members = mailbox->contents->members();
      for (const std::uint32_t position : members.positions_of(now->second.came))
        came.emplace(members.at(position).ordinal, members.uid_at(position).value);
      for (const auto& [uid, row] : past.gone) {
        const auto it = came.find(row.member.ordinal);
        if (it == came.end() ||
            !returned_[*target].emplace(it->second, flags_then(past, id, row)).second)
          continue;
        not_gone_.emplace(id, uid);
      }
    }
  }

  /// The flags of a message that was in a mailbox, without \Deleted.
  FlagList flags_then(const PastMailbox& past, MailboxId id, const StoredRow& row) const {
    const store::MailboxPtr mailbox = change_.state().find(id);
    const std::vector<std::string> none;
    const std::vector<std::string>& names = mailbox    ? mailbox->keywords->names()
                                            : past.was ? past.was->keywords
                                                       : none;
    return named(static_cast<SystemFlags>(row.system & ~bit(SystemFlag::deleted)), row.keywords,
                 names);
  }

  /// Removes what was moved, copied or brought back into a mailbox since. What arrived since was
  /// neither there nor removed before, has a later ordinal than everything that was, and stays.
  Status remove_later(MailboxId id, const PastMailbox& past) {
    const store::MailboxPtr mailbox = change_.state().find(id);
    if (!mailbox || past.came.empty()) return {};
    NumberSet later;
    for (const std::uint32_t position : mailbox->contents->members().positions_of(past.came)) {
      const store::Member member = mailbox->contents->members().at(position);
      if (const auto here = returned_.find(id);
          here != returned_.end() && here->second.contains(member.uid.value))
        continue;
      if (there_.ordinals.contains(member.ordinal) || plan_.gone.contains(member.ordinal) ||
          member.ordinal < there_.newest)
        later.add(member.uid.value);
    }
    if (later.empty()) return {};
    auto gone = change_.expunge(id, later);
    if (!gone) return pass(gone);
    place(id).removed += gone->count();
    return {};
  }

  static FlagList named(SystemFlags system, const std::vector<std::uint16_t>& keywords,
                        const std::vector<std::string>& names) {
    FlagList list{system, {}};
    for (const std::uint16_t k : keywords)
      if (k < names.size()) list.keywords.push_back(names[k]);
    return list;
  }

  Status flags(MailboxId id, const PastMailbox& past) {
    const store::MailboxPtr mailbox = change_.state().find(id);
    if (!mailbox) return {};
    store::FlagMask mask;
    const store::OwnFlags own = change_.state().own_flags(*mailbox);
    mask.system = static_cast<SystemFlags>(mask.system & ~own.system);
    mask.keywords = !own.keywords;
    const auto store = [&](const NumberSet& uids, const FlagList& list) -> Status {
      auto stored = change_.store_flags(id, uids, store::FlagOperation::replace, list, std::nullopt,
                                        ModSeq(UINT64_MAX), mask);
      if (!stored) return pass(stored);
      if (stored->changed != 0) place(id).reflagged += stored->changed;
      return {};
    };
    std::map<std::pair<SystemFlags, std::vector<std::uint16_t>>, NumberSet> alike;
    for (const auto& [uid, then] : past.flags)
      if (!past.came.contains(uid)) alike[{then.system, then.keywords}].add(uid);
    for (const auto& [flags, uids] : alike)
      if (Status done = store(uids, named(flags.first, flags.second, mailbox->keywords->names()));
          !done)
        return done;
    if (const auto here = returned_.find(id); here != returned_.end())
      for (const auto& [uid, list] : here->second) {
        NumberSet one;
        one.add(uid);
        if (Status done = store(one, list); !done) return done;
      }
    return {};
  }

  Status bring_back(MailboxId id, const PastMailbox& past) {
    const auto target = target_of(id);
    if (past.gone.empty() || !target) return {};
    std::vector<store::RemovedMessage> messages;
    for (const auto& [uid, row] : past.gone) {
      if (not_gone_.contains({id, uid})) continue;
      if (plan_.lost.contains(row.member.ordinal)) {
        ++lost_;
        continue;
      }
      messages.push_back({row.member, flags_then(past, id, row)});
    }
    if (messages.empty()) return {};
    if (Status done = change_.restore(*target, messages); !done) return done;
    place(*target).back += messages.size();
    return {};
  }

  TimeTravel::Place& place(MailboxId id) { return places_[id]; }

  TimeTravel summary() {
    TimeTravel out;
    out.lost = lost_;
    out.names_unknown = plan_.past.names_cut;
    for (const auto& [name, id] : *change_.state().names) {
      const auto was = before_.find(id);
      const bool renamed = was != before_.end() && was->second != name;
      if (!renamed && !places_.contains(id)) continue;
      TimeTravel::Place& one = place(id);
      one.mailbox = name;
      if (renamed) one.was = was->second;
      out.places.push_back(one);
    }
    return out;
  }

  Change& change_;
  const Plan& plan_;
  ThenThere there_;
  std::map<MailboxId, std::string> before_;  ///< The names before.
  std::map<MailboxId, MailboxId> targets_;   ///< From deleted mailboxes to present ones.
  /// Messages that are in their former mailbox again, by UID, with their former flags.
  std::map<MailboxId, std::map<std::uint32_t, FlagList>> returned_;
  std::set<std::pair<MailboxId, std::uint32_t>> not_gone_;  ///< Their former mailbox and UID.
  std::map<MailboxId, TimeTravel::Place> places_;
  std::uint64_t lost_ = 0;
};

/// Loads all mailboxes. Returns the state that has all of them; none if it changed meanwhile.
Task<Result<store::StatePtr>> load_all(store::AccountPtr account) {
  for (const auto& [id, mailbox] : account->published()->mailboxes) {
    auto loaded = co_await account->load(id);
    if (!loaded && loaded.error().kind != ErrorKind::not_found) co_return pass(loaded);
  }
  store::StatePtr state = account->published();
  for (const auto& [id, mailbox] : state->mailboxes)
    if (!mailbox->contents) co_return store::StatePtr();
  co_return state;
}

/// Returns those of the removed messages whose content cannot be read any more.
/// `past` must outlive the task.
Task<Ordinals> find_lost(store::AccountPtr account, store::StatePtr state, const Past& past) {
  Ordinals alive;
  for (const auto& [id, mailbox] : state->mailboxes) {
    const store::Members& members = mailbox->contents->members();
    members.for_each(0, members.count(),
                     [&](std::uint32_t, const store::MemberLeaf& leaf, std::uint32_t k) {
                       alive.insert(Ordinal(leaf.ordinal[k]));
                     });
  }
  std::set<Ordinal> gone;  // Ascending: neighbours share pages.
  for (const auto& [id, mailbox] : past.mailboxes)
    for (const auto& [uid, row] : mailbox.gone)
      if (!alive.contains(row.member.ordinal)) gone.insert(row.member.ordinal);
  const std::vector<Ordinal> all(gone.begin(), gone.end());
  Ordinals lost;
  constexpr std::size_t kBatch = 256;
  for (std::size_t first = 0; first < all.size(); first += kBatch) {
    const auto some = std::span(all).subspan(first, std::min(kBatch, all.size() - first));
    store::EmailReader reader(account);
    co_await reader.load(some, store::bit(store::Column::keys) | store::bit(store::Column::header) |
                                   store::bit(store::Column::body));
    for (const Ordinal ordinal : some)
      if (!reader.get(ordinal, store::Column::keys) ||
          !reader.get(ordinal, store::Column::header) || !reader.get(ordinal, store::Column::body))
        lost.insert(ordinal);
  }
  co_return lost;
}

/// Returns the messages that had been removed before or at a time, as far as the history tells.
Task<Result<Ordinals>> find_gone(store::AccountPtr account, std::int64_t time) {
  auto removals =
      co_await store::read_removals(account->store().engine(), account->id(), INT64_MIN);
  if (!removals) co_return pass(removals);
  Ordinals gone;
  for (const store::Removal& removal : removals->messages)
    if (removal.time <= time) gone.insert(removal.row.member.ordinal);
  co_return gone;
}

/// One attempt. Returns nothing if the account has changed meanwhile.
Task<Result<std::optional<TimeTravel>>> attempt(Caller caller, std::int64_t time, bool dry_run) {
  const store::AccountPtr account = caller.account;
  store::Store& store = account->store();
  auto loaded = co_await load_all(account);
  if (!loaded) co_return pass(loaded);
  const store::StatePtr state = *loaded;
  if (!state) co_return std::nullopt;
  const auto horizon = co_await store::read_content_horizon(store.engine(), account->id());
  if (!horizon) co_return std::unexpected(horizon.error());
  const std::int64_t kept_from = store.clock().now().seconds - store.policy().horizon_seconds;
  auto past = co_await async::off_loop(store.offload(),
                                       store::read_past(store.engine(), state, time, kept_from));
  if (!past && past.error().kind == ErrorKind::conflict) co_return std::nullopt;
  if (!past) co_return pass(past);
  Plan plan{std::move(*past), {}, {}, state->seq};
  plan.lost = co_await async::off_loop(store.offload(), find_lost(account, state, plan.past));
  auto gone = co_await async::off_loop(store.offload(), find_gone(account, time));
  if (!gone) co_return pass(gone);
  plan.gone = std::move(*gone);
  if (dry_run)
    co_return co_await async::offload(store.offload(), [&]() -> Result<std::optional<TimeTravel>> {
      Change trial(state, store.clock().now(), caller.actor);
      auto told = Undoing(trial, plan).undo();
      if (!told) return pass(told);
      return std::move(*told);
    });
  // Upkeep drops content in a change of its own, so nothing is dropped while this one is computed.
  const auto compute = [&](Change& change) -> Result<std::optional<TimeTravel>> {
    const auto by_now = async::wait(store::read_content_horizon(store.engine(), account->id()));
    if (!by_now) return std::unexpected(by_now.error());
    if (change.state().seq.value != plan.seq.value + 1 || *by_now != *horizon) return std::nullopt;
    auto told = Undoing(change, plan).undo();
    if (!told) return pass(told);
    return std::move(*told);
  };
  std::vector<MailboxId> all;
  for (const auto& [id, mailbox] : state->mailboxes) all.push_back(id);
  auto done =
      co_await account->change(caller.actor, std::move(all), compute, store::ChangeWeight::heavy);
  if (!done) co_return pass(done);
  co_return std::move(done->value);
}

}  // namespace

Task<Result<TimeTravel>> restore_as_of(Caller caller, std::int64_t time, bool dry_run) {
  const auto now = caller.account->store().clock().now().seconds;
  if (time > now) co_return fail(ErrorKind::bad_argument, "that time is still to come");
  const auto profile = co_await caller.account->store().profile(caller.account->id());
  if (profile && time < profile->created)
    co_return fail(ErrorKind::not_found, "the account did not exist at that time");
  constexpr int kAttempts = 10;
  for (int i = 0; i < kAttempts; ++i) {
    auto done = co_await attempt(caller, time, dry_run);
    if (!done) co_return pass(done);
    if (*done) co_return std::move(**done);
  }
  co_return fail(ErrorKind::unavailable, "The account changes all the time; please try again");
}

}  // namespace posthorn::service
