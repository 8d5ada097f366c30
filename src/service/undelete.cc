#include "service/undelete.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>

#include "async/offload.h"
#include "async/wait.h"
#include "message/digest/keys_view.h"
#include "message/header/message_id.h"
#include "store/read/email_reader.h"
#include "store/read/removed.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using async::Task;
using store::Change;
using store::Removal;
using store::RemovedMessage;

/// Where messages go whose mailbox has no name any more.
constexpr std::string_view kRecovered = "Recovered";
/// The number of messages whose columns are read at a time.
constexpr std::size_t kBatch = 256;

/// The messages to be brought back, by the name of the mailbox.
struct Plan {
  struct Target {
    store::SpecialUses special_use = 0;  ///< If the mailbox has to be created.
    bool subscribe = true;               ///< The same.
    bool wanted = false;                 ///< Also without messages.
    std::vector<RemovedMessage> messages;
  };
  std::map<std::string, Target> targets;
  std::uint64_t lost = 0;
};

/// Finds out what a query means for one account.
class Planner {
 public:
  Planner(store::AccountPtr account, const UndeleteQuery& query, const store::Removals& removals)
      : account_(std::move(account)),
        state_(account_->published()),
        query_(query),
        removals_(removals) {}

  Task<Result<Plan>> plan() {
    const auto wanted = messages_of_query();
    if (!wanted) co_return std::unexpected(wanted.error());
    if (query_.into.empty() && query_.message_id.empty()) name_deleted_mailbox();
    for (std::size_t first = 0; first < wanted->size(); first += kBatch) {
      const std::size_t end = std::min(wanted->size(), first + kBatch);
      co_await take(std::span(*wanted).subspan(first, end - first));
    }
    co_return std::move(plan_);
  }

 private:
  /// The mailbox from which something was removed, as it is or was.
  struct Origin {
    std::string name;
    store::SpecialUses special_use = 0;
    std::vector<std::string> keywords;
    bool subscribed = true;
  };

  Origin origin_of(MailboxId id) const {
    if (const store::MailboxPtr mailbox = state_->find(id))
      return {mailbox->name, mailbox->special_use, mailbox->keywords->names()};
    if (const auto it = removals_.mailboxes.find(id); it != removals_.mailboxes.end())
      return {it->second.name, it->second.special_use, it->second.keywords, it->second.subscribed};
    return {std::string(kRecovered), 0, {}};
  }

  /// A mailbox that was deleted, and that the query names, comes back as it was last.
  void name_deleted_mailbox() {
    for (const auto& [id, was] : removals_.mailboxes) {
      if (query_.mailbox.empty() || was.name != query_.mailbox) continue;
      Plan::Target& target = plan_.targets[was.name];
      target.special_use = was.special_use;
      target.subscribe = was.subscribed;
      target.wanted = true;
    }
  }

  Result<std::vector<const Removal*>> messages_of_query() {
    std::vector<const Removal*> wanted;
    bool known = query_.mailbox.empty() || state_->find(query_.mailbox) != nullptr;
    for (const auto& [id, was] : removals_.mailboxes) known = known || was.name == query_.mailbox;
    for (const Removal& removal : removals_.messages) {
      const auto [it, fresh] = origins_.try_emplace(removal.mailbox);
      if (fresh) it->second = origin_of(removal.mailbox);
      if (!query_.mailbox.empty() && it->second.name != query_.mailbox) continue;
      known = true;
      wanted.push_back(&removal);
    }
    if (!known) return fail(ErrorKind::not_found, "There is and was no mailbox " + query_.mailbox);
    return wanted;
  }

  Task<void> take(std::span<const Removal* const> removals) {
    store::EmailReader reader(account_);
    std::vector<Ordinal> ordinals;
    for (const Removal* removal : removals) ordinals.push_back(removal->row.member.ordinal);
    co_await reader.load(ordinals, store::bit(store::Column::keys) |
                                       store::bit(store::Column::header) |
                                       store::bit(store::Column::body));
    for (const Removal* removal : removals) {
      const Ordinal ordinal = removal->row.member.ordinal;
      const auto keys = reader.get(ordinal, store::Column::keys);
      if (!keys || !reader.get(ordinal, store::Column::header) ||
          !reader.get(ordinal, store::Column::body)) {
        ++plan_.lost;
        continue;
      }
      if (!query_.message_id.empty() && message::KeysView(*keys).message_id() != query_.message_id)
        continue;
      add(*removal);
    }
  }

  void add(const Removal& removal) {
    const Origin& origin = origins_.at(removal.mailbox);
    const bool there = query_.into.empty();
    Plan::Target& target = plan_.targets[there ? origin.name : query_.into];
    if (there) {
      target.special_use = origin.special_use;
      target.subscribe = origin.subscribed;
    }
    RemovedMessage message{removal.row.member, {}};
    message.flags.system = removal.row.system & ~bit(SystemFlag::deleted);
    for (const std::uint16_t k : removal.row.keywords)
      if (k < origin.keywords.size()) message.flags.keywords.push_back(origin.keywords[k]);
    target.messages.push_back(std::move(message));
  }

  const store::AccountPtr account_;
  const store::StatePtr state_;
  const UndeleteQuery& query_;
  const store::Removals& removals_;
  std::map<MailboxId, Origin> origins_;
  Plan plan_;
};

/// Removes from the plan what exists in a mailbox. Requires: all contents are loaded.
void spare_what_exists(Plan& plan, const store::AccountState& state) {
  std::unordered_set<Ordinal> wanted;
  for (const auto& [name, target] : plan.targets)
    for (const RemovedMessage& message : target.messages) wanted.insert(message.member.ordinal);
  for (const auto& [id, mailbox] : state.mailboxes) {
    if (!mailbox->contents) continue;
    const store::Members& members = mailbox->contents->members();
    members.for_each(0, members.count(),
                     [&](std::uint32_t, const store::MemberLeaf& leaf, std::uint32_t k) {
                       wanted.erase(Ordinal(leaf.ordinal[k]));
                     });
  }
  for (auto& [name, target] : plan.targets)
    std::erase_if(target.messages, [&](const RemovedMessage& message) {
      return !wanted.contains(message.member.ordinal);
    });
  std::erase_if(plan.targets, [&](const auto& entry) {
    return entry.second.messages.empty() &&
           (!entry.second.wanted || state.find(entry.first) != nullptr);
  });
}

Undeleted summary_of(const Plan& plan, const store::AccountState& state) {
  Undeleted out;
  out.lost = plan.lost;
  for (const auto& [name, target] : plan.targets)
    out.places.push_back({name, target.messages.size(), state.find(name) == nullptr});
  return out;
}

Result<Undeleted> restore(Change& change, Plan plan) {
  spare_what_exists(plan, change.state());
  Undeleted summary = summary_of(plan, change.state());
  for (const auto& [name, target] : plan.targets) {
    store::MailboxPtr mailbox = change.state().find(name);
    if (!mailbox) {
      store::SpecialUses uses = 0;
      for (unsigned use = 1; use <= UINT8_MAX; use <<= 1U)
        if ((target.special_use & use) != 0 &&
            !change.state().find_special(static_cast<store::SpecialUse>(use)))
          uses |= static_cast<store::SpecialUses>(use);
      auto made =
          change.create_mailbox({.name = name, .special_use = uses, .subscribe = target.subscribe});
      if (!made) return pass(made);
      mailbox = change.state().find(*made);
    }
    if (Status done = change.restore(mailbox->id, target.messages); !done) return pass(done);
  }
  return summary;
}

std::vector<MailboxId> all_mailboxes(const store::AccountState& state) {
  std::vector<MailboxId> all;
  for (const auto& [id, mailbox] : state.mailboxes) all.push_back(id);
  return all;
}

}  // namespace

Task<Result<Undeleted>> undelete(Caller caller, UndeleteQuery query) {
  const store::AccountPtr account = caller.account;
  if (!query.into.empty())
    if (Status ok = store::check_mailbox_name(query.into); !ok) co_return pass(ok);
  if (!query.message_id.empty()) {
    query.message_id = message::parse_message_id(
        query.message_id.starts_with('<') ? query.message_id : "<" + query.message_id + ">");
    if (query.message_id.empty())
      co_return fail(ErrorKind::bad_argument, "This is not a Message-ID");
  }
  // The history of a month, of an account with much mail, takes long to decode.
  auto removals = co_await async::off_loop(
      account->store().offload(),
      store::read_removals(account->store().engine(), account->id(), query.since));
  if (!removals) co_return pass(removals);
  auto plan = co_await Planner(account, query, *removals).plan();
  if (!plan) co_return pass(plan);
  if (query.dry_run) {
    // Whatever is loaded stays loaded, so that the state has all contents afterwards.
    for (const MailboxId id : all_mailboxes(*account->published()))
      if (auto loaded = co_await account->load(id); !loaded) co_return pass(loaded);
    const store::StatePtr now = account->published();
    spare_what_exists(*plan, *now);
    co_return summary_of(*plan, *now);
  }
  // Upkeep drops content in a change of its own, so nothing is dropped while this one is computed.
  const auto compute = [&](Change& change) -> Result<Undeleted> {
    const auto horizon =
        async::wait(store::read_content_horizon(account->store().engine(), account->id()));
    if (!horizon) return std::unexpected(horizon.error());
    if (*horizon != removals->content_horizon)
      return fail(ErrorKind::unavailable, "Old mail is being removed just now; please try again");
    return restore(change, *plan);
  };
  auto done = co_await account->change(caller.actor, all_mailboxes(*account->published()), compute,
                                       store::ChangeWeight::heavy);
  if (!done) co_return pass(done);
  co_return std::move(done->value);
}

}  // namespace posthorn::service
