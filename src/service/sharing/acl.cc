#include "service/sharing/acl.h"

#include <algorithm>
#include <array>
#include <utility>

#include "service/account_name.h"
#include "service/sharing/shared_name.h"
#include "service/sharing/subscribe_readers.h"
#include "store/change/share_list.h"
#include "store/store.h"
#include "store/value/sharing_entries.h"
#include "text/utf8.h"

namespace posthorn::service {
namespace {

using async::Task;
using store::Change;
using store::Grant;
using store::GrantKey;

constexpr Rights kCreate = {Right::create_below, Right::remove};
constexpr Rights kDelete = {Right::delete_messages, Right::expunge};

struct Letter {
  char letter;
  Rights rights;
};
constexpr auto kLetters = std::to_array<Letter>({
    {'l', {Right::lookup}},
    {'r', {Right::read}},
    {'s', {Right::keep_seen}},
    {'w', {Right::write}},
    {'i', {Right::insert}},
    {'p', {Right::post}},
    {'k', {Right::create_below}},
    {'x', {Right::remove}},
    {'t', {Right::delete_messages}},
    {'e', {Right::expunge}},
    {'a', {Right::administer}},
    {'c', kCreate},
    {'d', kDelete},
});

}  // namespace

std::string letters_of(Rights rights) {
  std::string letters;
  for (const Letter& letter : kLetters)
    if (rights.has_any_of(letter.rights)) letters += letter.letter;
  return letters;
}

Result<Rights> rights_from(std::string_view letters) {
  Rights rights;
  for (const char c : letters) {
    const auto* const letter = std::ranges::find(kLetters, c, &Letter::letter);
    if (letter == kLetters.end())
      return fail(ErrorKind::syntax, "Rights are some of the letters \"lrswipkxteacd\"");
    rights = rights.with(letter->rights);
  }
  return rights;
}

Result<Identifier> parse_identifier(std::string_view text) {
  const auto refused = [] {
    return fail(ErrorKind::syntax, "This cannot be the identifier of a user or a group");
  };
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  if (text.size() > store::kMaxGrantIdentifier || !text::is_valid_utf8(text) ||
      std::ranges::any_of(text, is_control))
    return refused();
  Identifier id;
  id.text = text;
  std::string_view rest = text;
  if (rest.starts_with('-')) {
    id.sign = Grant::Sign::takes_away;
    rest.remove_prefix(1);
  }
  if (rest.empty() || rest.find_first_of(" \t") != std::string_view::npos) return refused();
  constexpr std::string_view kGroup = "group:";
  if (rest.starts_with('$') || (rest.starts_with(kGroup) && rest.size() > kGroup.size())) {
    id.to = Grant::To::group;
    id.name = normal_name(rest.substr(rest.starts_with('$') ? 1 : kGroup.size()));
    if (id.name.empty()) return refused();
    return id;
  }
  // RFC 4314 §2: the names of users are those of logins, which are compared in lower case.
  id.name = normal_name(rest);
  id.text = (id.sign == Grant::Sign::takes_away ? "-" : "") + id.name;
  if (id.name == "anyone") id.to = Grant::To::anyone;
  return id;
}

Task<Result<std::vector<AclEntry>>> read_acl(MailboxRef mailbox) {
  if (Status allowed = require(mailbox, Right::administer); !allowed) co_return pass(allowed);
  const auto owner = co_await mailbox.account->store().profile(mailbox.account->id());
  if (!owner) co_return std::unexpected(owner.error());
  const store::StatePtr state = mailbox.account->published();
  std::vector<AclEntry> entries;
  bool has_owner = false;
  state->grants->for_each_of(mailbox.id, [&](const GrantKey& key, const Grant& grant) {
    AclEntry& entry = entries.emplace_back(AclEntry{key.identifier, grant.rights});
    if (grant.to != Grant::To::account || grant.account != mailbox.account->id()) return;
    if (grant.sign == Grant::Sign::takes_away) return;
    has_owner = true;
    entry.rights = entry.rights.with(kOwnersRights);
  });
  // Clients learn from it in which form users are named.
  if (!has_owner) entries.insert(entries.begin(), {owner->name, Rights::all()});
  co_return entries;
}

namespace {

/// Returns the account that an identifier names; zero if there is none.
Task<Result<AccountId>> account_of(store::Store& store, const Identifier& id) {
  if (id.to != Grant::To::account) co_return AccountId{};
  const auto entry = co_await store.find_address(id.name);
  if (!entry) co_return std::unexpected(entry.error());
  co_return *entry ? (*entry)->account : AccountId{};
}

}  // namespace

Task<Result<Rights>> fixed_rights(MailboxRef mailbox, std::string identifier) {
  if (Status allowed = require(mailbox, Right::administer); !allowed) co_return pass(allowed);
  auto id = parse_identifier(identifier);
  if (!id) co_return pass(id);
  const auto account = co_await account_of(mailbox.account->store(), *id);
  if (!account) co_return std::unexpected(account.error());
  const bool is_owner = *account == mailbox.account->id() && id->sign == Grant::Sign::gives;
  co_return is_owner ? kOwnersRights : Rights();
}

namespace {

/// One change of one entry.
class AclChange {
 public:
  AclChange(Caller caller, MailboxRef mailbox, Identifier id)
      : caller_(std::move(caller)),
        mailbox_(std::move(mailbox)),
        store_(mailbox_.account->store()),
        id_(std::move(id)) {}

  /// Requires: the turn (Store::share_turn()).
  Task<Result<AclOutcome>> edit(RightsEdit how, Rights rights) {
    if (Status allowed = co_await prepare(how, rights); !allowed) co_return pass(allowed);
    auto done = co_await mailbox_.account->change(
        mailbox_.actor, {}, [&](Change& change) { return run(change, how, rights); });
    if (!done) co_return pass(done);
    const AclOutcome outcome = co_await finish(done->state, done->value);
    co_return outcome;
  }

  Task<Result<AclOutcome>> remove() {
    if (Status allowed = require(mailbox_, Right::administer); !allowed) co_return pass(allowed);
    const auto account = co_await account_of(store_, id_);
    if (!account) co_return std::unexpected(account.error());
    account_ = *account;
    auto done = co_await mailbox_.account->change(
        mailbox_.actor, {}, [&](Change& change) -> Result<Rights> {
          if (Status ok = check_again(change); !ok) return pass(ok);
          if (Status ok = change.set_grant(key(), std::nullopt); !ok) return pass(ok);
          return Rights();
        });
    if (!done) co_return pass(done);
    const AclOutcome outcome = co_await finish(done->state, done->value);
    co_return outcome;
  }

 private:
  [[nodiscard]] GrantKey key() const { return {mailbox_.id, id_.text}; }
  [[nodiscard]] bool is_of_owner() const {
    return id_.to == Grant::To::account && account_ == mailbox_.account->id();
  }

  Task<Status> prepare(RightsEdit how, Rights rights) {
    if (Status allowed = require(mailbox_, Right::administer); !allowed) co_return allowed;
    const auto account = co_await account_of(store_, id_);
    if (!account) co_return std::unexpected(account.error());
    account_ = *account;
    const bool gives =
        id_.sign == Grant::Sign::gives && how != RightsEdit::remove && !rights.empty();
    if (!gives) co_return Status();
    if (id_.to == Grant::To::anyone && mailbox_.actor.kind == store::Actor::Kind::user &&
        !store_.policy().sharing->anyone)
      co_return fail(ErrorKind::no_permission, "This server does not let users share with anyone");
    const auto owner = co_await store_.profile(mailbox_.account->id());
    if (!owner) co_return std::unexpected(owner.error());
    if (!can_be_named(owner->name))
      co_return fail(ErrorKind::bad_argument,
                     "Mailboxes of this account cannot be shared, because of its name");
    if (is_of_owner() || (id_.to == Grant::To::account && account_ == AccountId{}))
      co_return Status();
    // Durable before the grant, so that no grant remains that nobody finds.
    co_return co_await store_.note_share(store::grantee_of(grant_with(rights)),
                                         mailbox_.account->id());
  }

  [[nodiscard]] Grant grant_with(Rights rights) const {
    Grant grant{.to = id_.to, .sign = id_.sign, .account = account_, .rights = rights};
    if (id_.to == Grant::To::group) grant.group = id_.name;
    return grant;
  }

  /// The rights may have been taken from the caller since they were judged.
  Status check_again(const Change& change) const {
    if (change.state().find(mailbox_.id) == nullptr) return no_such_mailbox();
    MailboxRef now = mailbox_;
    now.rights = rights_of(caller_, change.state(), *store_.policy().sharing, mailbox_.id);
    return require(now, Right::administer);
  }

  /// Returns whether anybody but the owner has had to do with the mailbox.
  [[nodiscard]] bool is_or_was_shared(const store::AccountState& state) const {
    for (const GrantKey& key : state.grants->keys_of(mailbox_.id)) {
      const Grant& grant = *state.grants->find(key);
      if (grant.to != Grant::To::account || grant.account != state.id) return true;
    }
    const store::MailboxPtr mailbox = state.find(mailbox_.id);
    return mailbox->readers != nullptr &&
           std::ranges::any_of(*mailbox->readers,
                               [&](const auto& one) { return one.first != state.id; });
  }

  /// Decides which flags are everybody's own in a mailbox that has not been shared before. Without
  /// room for the annotation that says so, flags are shared as usual.
  void set_up_flags(Change& change) const {
    const store::AccountState& state = change.state();
    if (!store_.policy().sharing->private_flags || state.sending->team) return;
    const std::string entry(store::kPrivateFlagsEntry);
    if (is_or_was_shared(state) || state.annotations->find({mailbox_.id, {}, entry}) != nullptr)
      return;
    (void)change.set_annotation({mailbox_.id, {}, entry}, std::string(store::kYes));
  }

  /// Returns the rights that the entry has then.
  Result<Rights> run(Change& change, RightsEdit how, Rights rights) const {
    if (Status ok = check_again(change); !ok) return pass(ok);
    const Grant* const before = change.state().grants->find(key());
    Rights old = before != nullptr ? before->rights : Rights();
    if (before == nullptr && is_of_owner() && id_.sign == Grant::Sign::gives) old = Rights::all();
    Grant grant = grant_with(rights);
    if (how == RightsEdit::add) grant.rights = old.with(rights);
    if (how == RightsEdit::remove) grant.rights = old.without(rights);
    grant.subscribed = before != nullptr && before->subscribed;
    // An entry keeps the account that it was made for, unless it is said again in full.
    if (before != nullptr && how != RightsEdit::replace) grant.account = before->account;
    // RFC 4314 §3.1: an entry without rights may be removed; the owner's says that there are none.
    if (grant.rights.empty() && !is_of_owner()) {
      if (Status ok = change.set_grant(key(), std::nullopt); !ok) return pass(ok);
      return Rights();
    }
    if (!is_of_owner()) set_up_flags(change);
    if (Status ok = change.set_grant(key(), grant); !ok) return pass(ok);
    return grant.rights;
  }

  Task<AclOutcome> finish(store::StatePtr state, Rights rights) {
    if (is_of_owner()) {
      const bool loses = id_.sign == Grant::Sign::takes_away ? rights.has_any_of(kOwnersRights)
                                                             : rights.with(kOwnersRights) != rights;
      co_return loses ? AclOutcome::kept_more : AclOutcome::as_asked;
    }
    if (rights.empty()) co_await forget_if_last(std::move(state));
    co_await subscribe_readers(mailbox_.account, {key()});
    co_return AclOutcome::as_asked;
  }

  /// A superfluous row of the list only costs a look, so failing to remove it fails nothing.
  Task<void> forget_if_last(store::StatePtr state) {
    const std::string grantee = store::grantee_of(grant_with({}));
    for (const auto& [other, grant] : state->grants->all())
      if (grant.sign == Grant::Sign::gives && store::grantee_of(grant) == grantee) co_return;
    (void)co_await store_.forget_share(grantee, mailbox_.account->id());
  }

  const Caller caller_;
  const MailboxRef mailbox_;
  store::Store& store_;
  const Identifier id_;
  AccountId account_ = {};
};

}  // namespace

Task<Result<AclOutcome>> edit_acl(Caller caller, MailboxRef mailbox, AclEdit edit) {
  auto id = parse_identifier(edit.identifier);
  if (!id) co_return pass(id);
  const auto turn = co_await mailbox.account->store().share_turn();
  AclChange change(std::move(caller), std::move(mailbox), std::move(*id));
  co_return co_await change.edit(edit.edit, edit.rights);
}

Task<Result<AclOutcome>> remove_from_acl(Caller caller, MailboxRef mailbox,
                                         std::string identifier) {
  auto id = parse_identifier(identifier);
  if (!id) co_return pass(id);
  const auto turn = co_await mailbox.account->store().share_turn();
  AclChange change(std::move(caller), std::move(mailbox), std::move(*id));
  co_return co_await change.remove();
}

}  // namespace posthorn::service
