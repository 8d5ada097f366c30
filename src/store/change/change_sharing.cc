#include <map>
#include <utility>

#include "store/change/change.h"
#include "store/change/touched.h"
#include "store/value/sharing_entries.h"

// What sharing adds to changes: access control lists, and everybody's own flags.
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
  inherit_sharing(parent->id, created.now.id);
  for (GrantKey key : draft_.grants->keys_of(parent->id)) {
    if (draft_.grants->all().size() >= kMaxGrants) return;
    Grant grant = *draft_.grants->find(key);
    grant.subscribed = false;
    key.mailbox = created.now.id;
    grants().set(key, std::move(grant));
    granted_.insert(std::move(key));
  }
}

// Also which flags are shared: the sharing of a tree is set up once.
void Change::inherit_sharing(MailboxId parent, MailboxId created) {
  for (const std::string_view entry : {kSharedSeenEntry, kPrivateFlagsEntry}) {
    const AnnotationValue value = draft_.annotations->find({parent, {}, std::string(entry)});
    if (value != nullptr && *value == kYes)
      (void)set_annotation({created, {}, std::string(entry)}, std::string(kYes));
  }
}

AccountId Change::viewer() const { return by_.kind == Actor::Kind::user ? by_.account : draft_.id; }

OwnFlags Change::own_flags(const Touched& mailbox) const { return draft_.own_flags(mailbox.now); }

// What is stored with the messages is what all see from now on. A message of which somebody saw
// something else gets a new MODSEQ, so that clients are told, also later (RFC 7162).
Status Change::merge_flags(Touched& mailbox, const OwnFlags& shared) {
  const std::shared_ptr<const ReadersFlags> readers = mailbox.now.readers;
  if (readers == nullptr) return {};
  if (!mailbox.now.contents) return fail(ErrorKind::server_bug, "The mailbox is not loaded");
  const ReaderFlags* const owner = flags_of(mailbox, draft_.id);
  NumberSet differing;
  for (const auto& [reader, own] : *readers) differing = differing.unite(own->differing(shared));
  const std::shared_ptr<const Contents> base = mailbox.now.contents;
  const std::shared_ptr<const KeywordTable> table = mailbox.now.keywords;
  const KeywordsView keywords(*table, owner == nullptr ? nullptr : &owner->keywords);
  TreeEditor editor(*base);
  for (const std::uint32_t position : base->members().positions_of(differing)) {
    const Members::Slot slot = base->members().slot_of(position);
    const Member member = base->members().at(slot);
    const FlagState before = base->flags().at(slot);
    const FlagState shown = owner == nullptr ? before : owner->shown(member.uid, before);
    FlagState after{modseq(), before.system, before.keywords};
    after.system =
        static_cast<SystemFlags>((before.system & ~shared.system) | (shown.system & shared.system));
    if (shared.keywords && shown.keywords != before.keywords) {
      auto set = intern(mailbox, keywords.names_of(shown.keywords));
      if (!set) return pass(set);
      after.keywords = *set;
    }
    editor.set_flags(slot, after);
    count_flags(mailbox.now.head, member.size, before.system, after.system);
    mailbox.reflagged.push_back({member.uid, before, after});
  }
  mailbox.now.contents = std::make_shared<Contents>(std::move(editor).finish());
  if (own_flags(mailbox).any()) {
    for (const auto& [reader, own] : *readers)
      if (!own->differing(shared).empty()) edit_flags(mailbox, reader).forget(shared);
    return {};
  }
  mailbox.now.readers = nullptr;
  mailbox.own_readers.reset();
  mailbox.own_flags.clear();
  return {};
}

const ReaderFlags* Change::flags_of(const Touched& mailbox, const AccountId& reader) {
  if (mailbox.now.readers == nullptr) return nullptr;
  const auto it = mailbox.now.readers->find(reader);
  return it == mailbox.now.readers->end() ? nullptr : it->second.get();
}

ReaderFlags& Change::edit_flags(Touched& mailbox, const AccountId& reader) {
  if (!mailbox.own_readers) {
    mailbox.own_readers = mailbox.now.readers ? std::make_shared<ReadersFlags>(*mailbox.now.readers)
                                              : std::make_shared<ReadersFlags>();
    mailbox.now.readers = mailbox.own_readers;
  }
  std::shared_ptr<ReaderFlags>& own = mailbox.own_flags[reader];
  if (own) return *own;
  std::shared_ptr<const ReaderFlags>& shown = (*mailbox.own_readers)[reader];
  own = shown ? std::make_shared<ReaderFlags>(*shown) : std::make_shared<ReaderFlags>();
  shown = own;
  return *own;
}

void Change::set_own(Touched& mailbox, const AccountId& reader, const OwnFlagsEdit& edit) {
  if (!edit.uids().empty()) edit_flags(mailbox, reader).change(edit, modseq());
}

/// Places messages that a user brings with their flags. Those that are everybody's own in the
/// mailbox are the user's alone; of mail that is delivered, they are everybody's.
void Change::place_as(Touched& target, std::vector<std::pair<Member, FlagState>> rows) {
  const OwnFlags own = own_flags(target);
  if (by_.kind != Actor::Kind::user || !own.any()) return place(target, rows);
  OwnFlagsEdit edit;
  Uid uid = target.now.head.uid_next;
  for (auto& [member, flags] : rows) {
    const auto stored = static_cast<SystemFlags>(flags.system & ~own.system);
    edit.add(uid, stored, stored, flags.system, own.system);
    flags.system = stored;
    if (own.keywords && flags.keywords != 0) {
      edit.keywords.append(uid, target.now.keywords->set(flags.keywords));
      flags.keywords = 0;
    }
    ++uid;
  }
  place(target, rows);
  set_own(target, viewer(), edit);
}

void Change::forget_flags(Touched& mailbox, const NumberSet& gone) {
  if (mailbox.now.readers == nullptr) return;
  std::vector<AccountId> who;
  for (const auto& [reader, own] : *mailbox.now.readers)
    if (own->knows_any_of(gone)) who.push_back(reader);
  for (const AccountId& reader : who) edit_flags(mailbox, reader).forget(gone);
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
  forget_flags(mailbox, gone.subtract(there));
}

// A message that is filed elsewhere must not become unread for everybody else.
void Change::carry_flags(const Touched& from, Touched& to, const std::vector<Carried>& moved) {
  // Kept, since the two may be the same mailbox.
  const std::shared_ptr<const ReadersFlags> readers = from.now.readers;
  if (readers == nullptr) return;
  for (const auto& [reader, own] : *readers)
    set_own(to, reader, carried_flags(from, to, *own, moved));
}

OwnFlagsEdit Change::carried_flags(const Touched& from, Touched& to, const ReaderFlags& reader,
                                   const std::vector<Carried>& moved) {
  const OwnFlags own = own_flags(to);
  const std::shared_ptr<const KeywordTable> table = from.now.keywords;
  const KeywordsView keywords(*table, &reader.keywords);
  std::map<std::uint32_t, OwnKeywords::Set> sets;
  OwnFlagsEdit edit;
  for (const Carried& one : moved) {
    const FlagState shown = reader.shown(one.source, one.stored);
    edit.add(one.target, one.stored.system, one.stored.system, shown.system, own.system);
    if (!own.keywords || shown.keywords == one.stored.keywords) continue;
    auto known = sets.find(shown.keywords);
    if (known == sets.end()) {
      // Where there is no room for the names of keywords, this reader loses them; the move goes on.
      auto set = intern(to, keywords.names_of(shown.keywords));
      known =
          sets.emplace(shown.keywords, set ? to.now.keywords->set(*set) : OwnKeywords::Set()).first;
    }
    edit.keywords.append(one.target, known->second);
  }
  return edit;
}

}  // namespace posthorn::store
