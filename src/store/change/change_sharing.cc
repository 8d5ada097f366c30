#include <utility>

#include "store/change/change.h"
#include "store/change/touched.h"
#include "store/value/shared_seen.h"

// What sharing adds to changes: access control lists, and everybody's own \Seen.
namespace posthorn::store {

Grants& Change::grants() {
  if (!own_grants_) {
    own_grants_ = std::make_shared<Grants>(*draft_.grants);
    draft_.grants = own_grants_;
  }
  return *own_grants_;
}

Status Change::set_grant(const GrantKey& key, std::optional<Grant> grant) {
  auto touched = touch(key.mailbox);
  if (!touched) return pass(touched);
  const Grant* const before = draft_.grants->find(key);
  if (grant ? before != nullptr && *before == *grant : before == nullptr) return {};
  if (grant) {
    const bool is_one_more =
        before == nullptr && (draft_.grants->all().size() >= kMaxGrants ||
                              draft_.grants->keys_of(key.mailbox).size() >= kMaxGrantsOfMailbox);
    if (is_one_more || key.identifier.size() > kMaxGrantIdentifier)
      return fail(ErrorKind::limit, "The access control list is full");
    grants().set(key, std::move(*grant));
  } else {
    grants().erase(key);
  }
  granted_.insert(key);
  (*touched)->granted = true;
  return {};
}

void Change::drop_grants(MailboxId mailbox) {
  for (const GrantKey& key : draft_.grants->keys_of(mailbox)) {
    grants().erase(key);
    granted_.insert(key);
  }
}

// RFC 4314 §4: a new mailbox gets the list of the nearest mailbox above it. What does not fit into
// the limits of the account is not copied; it is not shared then, rather than not created.
// In a team, the mailboxes beside INBOX belong to all that INBOX belongs to.
void Change::inherit_grants(Touched& created) {
  if (draft_.grants->empty()) return;
  MailboxPtr parent;
  std::string_view name = created.now.name;
  for (std::size_t cut = name.rfind(kDelimiter); !parent && cut != std::string_view::npos;
       cut = name.rfind(kDelimiter)) {
    name = name.substr(0, cut);
    parent = draft_.find(name);
  }
  if (!parent && draft_.sending->team) parent = draft_.find("INBOX");
  if (!parent) return;
  // Also whether \Seen is shared: the sharing of a tree is set up once.
  if (is_seen_shared(parent->id))
    (void)set_annotation({created.now.id, {}, std::string(kSharedSeenEntry)},
                         std::string(kSeenIsShared));
  for (GrantKey key : draft_.grants->keys_of(parent->id)) {
    if (draft_.grants->all().size() >= kMaxGrants) return;
    Grant grant = *draft_.grants->find(key);
    grant.subscribed = false;
    key.mailbox = created.now.id;
    grants().set(key, std::move(grant));
    granted_.insert(std::move(key));
  }
}

AccountId Change::viewer() const { return by_.kind == Actor::Kind::user ? by_.account : draft_.id; }

bool Change::has_readers(const Touched& mailbox) const {
  return draft_.has_readers(mailbox.now) && !is_seen_shared(mailbox.now.id);
}

bool Change::is_seen_shared(MailboxId mailbox) const {
  const AnnotationValue value =
      draft_.annotations->find({mailbox, {}, std::string(kSharedSeenEntry)});
  return value != nullptr && *value == kSeenIsShared;
}

// What is stored with the messages is what all see from now on. A message whose \Seen changes for
// anybody gets a new MODSEQ, so that clients are told, also later (RFC 7162).
Status Change::merge_seen(Touched& mailbox) {
  const std::shared_ptr<const ReadersSeen> readers = mailbox.now.readers;
  if (readers == nullptr) return {};
  if (!mailbox.now.contents) return fail(ErrorKind::server_bug, "The mailbox is not loaded");
  const auto owner = readers->find(draft_.id);
  const NumberSet seen = owner == readers->end() ? NumberSet() : owner->second->seen;
  const NumberSet unseen = owner == readers->end() ? NumberSet() : owner->second->unseen;
  // What somebody else sees otherwise than the owner, who sees it as it is stored.
  NumberSet stays_unseen;
  NumberSet stays_seen;
  for (const auto& [reader, own] : *readers) {
    stays_unseen = stays_unseen.unite(own->seen);
    stays_seen = stays_seen.unite(own->unseen);
  }
  stays_unseen = stays_unseen.subtract(seen);
  stays_seen = stays_seen.subtract(unseen);
  mailbox.now.readers = nullptr;
  mailbox.own_readers.reset();
  mailbox.own_seen.clear();
  const auto store = [&](const NumberSet& uids, FlagOperation operation) -> Status {
    if (uids.empty()) return {};
    auto stored =
        store_flags(mailbox.now.id, uids, operation, {bit(SystemFlag::seen), {}}, std::nullopt);
    return stored ? Status() : pass(stored);
  };
  // Those that stay as they are are changed to and fro.
  Status done = store(seen.unite(stays_unseen), FlagOperation::add);
  if (done) done = store(stays_unseen, FlagOperation::remove);
  if (done) done = store(unseen.unite(stays_seen), FlagOperation::remove);
  if (done) done = store(stays_seen, FlagOperation::add);
  return done;
}

const ReaderSeen* Change::seen_by(const Touched& mailbox, const AccountId& reader) {
  if (mailbox.now.readers == nullptr) return nullptr;
  const auto it = mailbox.now.readers->find(reader);
  return it == mailbox.now.readers->end() ? nullptr : it->second.get();
}

ReaderSeen& Change::edit_seen(Touched& mailbox, const AccountId& reader) {
  if (!mailbox.own_readers) {
    mailbox.own_readers = mailbox.now.readers ? std::make_shared<ReadersSeen>(*mailbox.now.readers)
                                              : std::make_shared<ReadersSeen>();
    mailbox.now.readers = mailbox.own_readers;
  }
  std::shared_ptr<ReaderSeen>& own = mailbox.own_seen[reader];
  if (own) return *own;
  std::shared_ptr<const ReaderSeen>& shown = (*mailbox.own_readers)[reader];
  own = shown ? std::make_shared<ReaderSeen>(*shown) : std::make_shared<ReaderSeen>();
  shown = own;
  return *own;
}

void Change::set_seen(Touched& mailbox, const AccountId& reader, const SeenEdit& edit) {
  if (edit.to_seen.empty() && edit.to_unseen.empty()) return;
  ReaderSeen& seen = edit_seen(mailbox, reader);
  seen.set(edit.to_seen, edit.stored, true, modseq());
  seen.set(edit.to_unseen, edit.stored, false, modseq());
}

/// Places messages that a user brings with their flags. In a shared mailbox their \Seen is the
/// user's alone; of mail that is delivered, it is everybody's.
void Change::place_as(Touched& target, std::vector<std::pair<Member, FlagState>> rows) {
  if (by_.kind != Actor::Kind::user || !has_readers(target)) return place(target, rows);
  SeenEdit edit;
  std::uint32_t uid = target.now.head.uid_next.value;
  for (auto& [member, flags] : rows) {
    if ((flags.system & bit(SystemFlag::seen)) != 0) edit.to_seen.add(uid);
    flags.system = static_cast<SystemFlags>(flags.system & ~bit(SystemFlag::seen));
    ++uid;
  }
  place(target, rows);
  set_seen(target, viewer(), edit);
}

void Change::forget_seen(Touched& mailbox, const NumberSet& gone) {
  if (mailbox.now.readers == nullptr) return;
  std::vector<AccountId> who;
  for (const auto& [reader, seen] : *mailbox.now.readers)
    if (seen->knows_any_of(gone)) who.push_back(reader);
  for (const AccountId& reader : who) edit_seen(mailbox, reader).forget(gone);
}

// After messages were lost.
void Change::forget_missing(Touched& mailbox) {
  if (mailbox.now.readers == nullptr) return;
  NumberSet gone;
  gone.add(1, UINT32_MAX);
  NumberSet there;
  const Members& members = mailbox.now.contents->members();
  members.for_each(0, members.count(), [&](std::uint32_t, const MemberLeaf& leaf, std::uint32_t k) {
    there.add(leaf.uid[k]);
  });
  forget_seen(mailbox, gone.subtract(there));
}

// A message that is filed elsewhere must not become unread for everybody else.
void Change::carry_seen(const Touched& from, Touched& to, const std::vector<Carried>& moved) {
  // Kept, since the two may be the same mailbox.
  const std::shared_ptr<const ReadersSeen> readers = from.now.readers;
  if (readers == nullptr) return;
  for (const auto& [reader, seen] : *readers) {
    SeenEdit edit;
    for (const Carried& one : moved) {
      const bool stored = (one.stored & bit(SystemFlag::seen)) != 0;
      const bool is_seen = seen->is_seen(one.source, one.stored);
      if (is_seen == stored) continue;
      (is_seen ? edit.to_seen : edit.to_unseen).add(one.target.value);
      if (stored) edit.stored.add(one.target.value);
    }
    set_seen(to, reader, edit);
  }
}

}  // namespace posthorn::store
