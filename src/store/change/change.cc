#include "store/change/change.h"

#include <algorithm>

#include "store/change/touched.h"
#include "store/format/mailbox_storage.h"
#include "store/value/keyword_name.h"

namespace posthorn::store {
namespace {

/// Calls f(first, last) for the positions of `uids`, one range at a time.
template <class F>
void for_each_range_of(const Members& members, const NumberSet& uids, F&& f) {
  for (const NumberSet::Range& range : uids.ranges()) {
    const std::uint32_t first = members.lower_bound(Uid(range.first));
    const std::uint32_t last =
        range.last == UINT32_MAX ? members.count() : members.lower_bound(Uid(range.last + 1));
    f(first, last);
  }
}

/// Calls f(position, leaf, flags, index) for each of `uids` that exists.
template <class F>
void for_each_of(const Contents& contents, const NumberSet& uids, F&& f) {
  for_each_range_of(contents.members(), uids, [&](std::uint32_t first, std::uint32_t last) {
    contents.for_each(first, last, f);
  });
}

std::int64_t signed_one(bool plus) { return plus ? 1 : -1; }

/// Adds one message to the head's counters, or subtracts it.
void count(MailboxHead& head, const Member& member, SystemFlags flags, bool plus) {
  const std::int64_t one = signed_one(plus);
  const auto size = static_cast<std::uint64_t>(one * std::int64_t{member.size});
  head.messages += static_cast<std::uint32_t>(one);
  head.bytes += size;
  if ((flags & bit(SystemFlag::seen)) == 0) head.unseen += static_cast<std::uint32_t>(one);
  if ((flags & bit(SystemFlag::deleted)) != 0) {
    head.deleted += static_cast<std::uint32_t>(one);
    head.deleted_bytes += size;
  }
}

}  // namespace

void count_flags(MailboxHead& head, std::uint32_t size, SystemFlags before, SystemFlags after) {
  const auto gained = [&](SystemFlag flag) {
    return int{(after & bit(flag)) != 0} - int{(before & bit(flag)) != 0};
  };
  head.unseen -= static_cast<std::uint32_t>(gained(SystemFlag::seen));
  head.deleted += static_cast<std::uint32_t>(gained(SystemFlag::deleted));
  head.deleted_bytes +=
      static_cast<std::uint64_t>(std::int64_t{gained(SystemFlag::deleted)} * std::int64_t{size});
}

Change::Change(StatePtr base, Timestamp now, Actor by)
    : base_(std::move(base)), draft_(*base_), now_(now), by_(by) {
  draft_.version = base_->version.after(1);
  draft_.seq = draft_.version.tail;
  draft_.intent.reset();
}

Change::~Change() = default;

AccountState::Names& Change::names() {
  if (!own_names_) draft_.names = own_names_ = std::make_shared<AccountState::Names>(*draft_.names);
  return *own_names_;
}

AccountState::Subscriptions& Change::subscriptions() {
  if (!own_subscriptions_)
    draft_.subscriptions = own_subscriptions_ =
        std::make_shared<AccountState::Subscriptions>(*draft_.subscriptions);
  return *own_subscriptions_;
}

Result<Change::Touched*> Change::touch(MailboxId id) {
  if (const auto it = touched_.find(id); it != touched_.end()) {
    if (it->second->deleted) return fail(ErrorKind::not_found, "No such mailbox");
    return it->second.get();
  }
  const MailboxPtr mailbox = draft_.find(id);
  if (!mailbox) return fail(ErrorKind::not_found, "No such mailbox");
  return touched_.emplace(id, std::make_unique<Touched>(*mailbox)).first->second.get();
}

Result<Change::Touched*> Change::touch_contents(MailboxId id) {
  auto touched = touch(id);
  if (touched && !(*touched)->now.contents)
    return fail(ErrorKind::server_bug, "The mailbox is not loaded");
  return touched;
}

Status Change::check_room(std::uint64_t bytes, std::uint64_t messages) const {
  if (!draft_.counters.has_room(bytes, messages))
    return fail(ErrorKind::over_quota, "The account's storage quota would be passed");
  return {};
}

Result<std::uint32_t> Change::intern(Touched& target, const std::vector<std::string>& keywords) {
  if (keywords.empty()) return 0;
  std::vector<std::uint16_t> set;
  if (!target.own_keywords)
    target.own_keywords = std::make_shared<KeywordTable>(*target.now.keywords);
  for (const std::string& keyword : keywords) {
    if (!is_keyword_name(keyword))
      return fail(ErrorKind::bad_argument,
                  "A keyword is an atom of at most 255 octets (RFC 9051 section 9)");
    auto index = target.own_keywords->intern_name(keyword);
    if (!index) return pass(index);
    set.push_back(*index);
  }
  std::ranges::sort(set);
  set.erase(std::ranges::unique(set).begin(), set.end());
  const std::uint32_t id = target.own_keywords->intern_set(std::move(set));
  target.now.keywords = target.own_keywords;
  return id;
}

void Change::place(Touched& target, const std::vector<std::pair<Member, FlagState>>& rows) {
  std::optional<TreeEditor> editor;
  if (target.now.contents) editor.emplace(*target.now.contents);
  target.appended.reserve(target.appended.size() + rows.size());
  for (const auto& [row, flags] : rows) {
    Member member = row;
    member.uid = target.now.head.uid_next;
    member.save_date = static_cast<std::uint32_t>(now_.seconds);
    const FlagState state{modseq(), flags.system, flags.keywords};
    ++target.now.head.uid_next;
    if (editor) editor->append(member, state);
    target.appended.emplace_back(member, state);
    count(target.now.head, member, state.system, true);
    draft_.counters.bytes += member.size;
    ++draft_.counters.messages;
  }
  if (editor) target.now.contents = std::make_shared<Contents>(std::move(*editor).finish());
}

Result<Uid> Change::append(MailboxId mailbox, const NewEmail& email, const FlagList& flags,
                           Timestamp internal_date) {
  auto target = touch(mailbox);
  if (!target) return pass(target);
  if (Status ok = check_room(email.size, 1); !ok) return pass(ok);
  return add(**target, email, flags, internal_date);
}

Result<Uid> Change::add(Touched& target, const NewEmail& email, const FlagList& flags,
                        Timestamp internal_date) {
  const Uid uid = target.now.head.uid_next;
  if (uid.value == UINT32_MAX) return fail(ErrorKind::limit, "The mailbox has no UIDs left");
  if (email.size > UINT32_MAX) return fail(ErrorKind::too_big, "The message is too large");
  auto keywords = intern(target, flags.keywords);
  if (!keywords) return pass(keywords);
  const Ordinal ordinal = take_email(email);
  const Member member{uid, ordinal, static_cast<std::uint32_t>(email.size), internal_date, 0};
  place_as(target, {{member, FlagState{modseq(), flags.system, *keywords}}});
  return uid;
}

Result<Uid> Change::replace(const Replacement& what, const NewEmail& email, const FlagList& flags,
                            Timestamp internal_date) {
  auto source = touch_contents(what.source);
  if (!source) return pass(source);
  auto target = touch(what.target);
  if (!target) return pass(target);
  const Members& members = (*source)->now.contents->members();
  const auto position = members.position_of(what.replaced);
  if (!position) return Uid(0);
  const std::uint64_t freed = members.at(*position).size;
  if (email.size > freed) {
    if (Status ok = check_room(email.size - freed, 0); !ok) return pass(ok);
  }
  auto uid = add(**target, email, flags, internal_date);
  if (uid) remove(**source, {*position});
  return uid;
}

Status Change::restore(MailboxId mailbox, const std::vector<RemovedMessage>& messages) {
  auto target = touch(mailbox);
  if (!target) return pass(target);
  std::uint64_t bytes = 0;
  for (const RemovedMessage& message : messages) bytes += message.member.size;
  if (Status ok = check_room(bytes, messages.size()); !ok) return ok;
  if (messages.size() >= UINT32_MAX - (*target)->now.head.uid_next.value)
    return fail(ErrorKind::limit, "The mailbox has no UIDs left");
  std::vector<std::pair<Member, FlagState>> rows;
  for (const RemovedMessage& message : messages) {
    auto keywords = intern(**target, message.flags.keywords);
    if (!keywords) return pass(keywords);
    rows.emplace_back(message.member, FlagState{modseq(), message.flags.system, *keywords});
  }
  place_as(**target, std::move(rows));
  restores_ = true;
  return {};
}

Result<StoreOutcome> Change::store_flags(MailboxId mailbox, const NumberSet& uids,
                                         FlagOperation operation, const FlagList& flags,
                                         std::optional<ModSeq> unchanged_since, ModSeq told,
                                         const FlagMask& mask) {
  auto touched = touch_contents(mailbox);
  if (!touched) return pass(touched);
  Touched& t = **touched;
  StoreOutcome outcome;
  const OwnFlags own = own_flags(t);
  const ReaderFlags* const viewed = own.any() ? flags_of(t, viewer()) : nullptr;
  OwnFlagsEdit edit;
  // Removing a keyword that the mailbox does not have must not add it.
  FlagList known{flags.system, {}};
  for (const std::string& keyword : flags.keywords)
    if (operation != FlagOperation::remove || t.now.keywords->find(keyword))
      known.keywords.push_back(keyword);
  auto named = intern(t, known.keywords);
  if (!named) return pass(named);
  const auto named_set = t.now.keywords->set(*named);
  const std::shared_ptr<const KeywordTable> table = t.now.keywords;
  const KeywordsView shown_sets(*table, viewed == nullptr ? nullptr : &viewed->keywords);

  std::map<std::uint32_t, std::uint32_t> sets;  // Maps sets that were shown to new ones.
  const auto new_set = [&](std::uint32_t old) -> std::uint32_t {
    if (!mask.keywords) return old;
    if (operation == FlagOperation::replace) return shown_sets.set(old) == named_set ? old : *named;
    if (named_set.empty()) return old;
    if (const auto it = sets.find(old); it != sets.end()) return it->second;
    OwnKeywords::Set merged;
    const OwnKeywords::Set& before = shown_sets.set(old);
    if (operation == FlagOperation::add) {
      std::ranges::set_union(before, named_set, std::back_inserter(merged));
    } else {
      std::ranges::set_difference(before, named_set, std::back_inserter(merged));
    }
    if (merged == before) return sets[old] = old;
    if (!t.own_keywords) t.own_keywords = std::make_shared<KeywordTable>(*t.now.keywords);
    const std::uint32_t id = t.own_keywords->intern_set(std::move(merged));
    t.now.keywords = t.own_keywords;
    return sets[old] = id;
  };
  // Notes what only the one who makes the change sees, and leaves the rest for all.
  const auto take_own = [&](Uid uid, const FlagState& before, const FlagState& shown,
                            FlagState& after) {
    edit.add(uid, before.system, shown.system, after.system, own.system);
    after.system =
        static_cast<SystemFlags>((after.system & ~own.system) | (before.system & own.system));
    if (!own.keywords) return;
    if (after.keywords != shown.keywords) {
      if (after.keywords == before.keywords) {
        edit.stored_keywords.add(uid.value);
      } else {
        edit.keywords.append(uid, t.now.keywords->set(after.keywords));
      }
    }
    after.keywords = before.keywords;
  };

  const std::shared_ptr<const Contents> base = t.now.contents;
  std::optional<TreeEditor> editor;
  NumberSet present;
  const auto one = [&](Members::Slot slot, const MemberLeaf& members) {
    const Uid uid(members.uid[slot.index]);
    present.add(uid.value);
    const FlagState before = base->flags().at(slot);
    const FlagState shown = viewed != nullptr ? viewed->shown(uid, before) : before;
    if (unchanged_since && shown.modseq > *unchanged_since) {
      outcome.modified.add(uid.value);
      return;
    }
    if (shown.modseq > told) outcome.raced.add(uid.value);
    FlagState after{modseq(), shown.system, new_set(shown.keywords)};
    switch (operation) {
      case FlagOperation::replace: after.system = flags.system; break;
      case FlagOperation::add: after.system |= flags.system; break;
      case FlagOperation::remove: after.system &= static_cast<SystemFlags>(~flags.system); break;
    }
    after.system =
        static_cast<SystemFlags>((after.system & mask.system) | (shown.system & ~mask.system));
    if (after.system == shown.system && after.keywords == shown.keywords) return;
    ++outcome.changed;
    if (own.any()) take_own(uid, before, shown, after);
    if (after.system == before.system && after.keywords == before.keywords) return;
    if (!editor) editor.emplace(*base);
    editor->set_flags(slot, after);
    count_flags(t.now.head, members.size[slot.index], before.system, after.system);
    t.reflagged.push_back({uid, before, after});
  };
  for_each_range_of(base->members(), uids, [&](std::uint32_t first, std::uint32_t last) {
    if (uids.ranges().size() == 1) t.reflagged.reserve(t.reflagged.size() + (last - first));
    base->members().for_each_leaf(
        first, last,
        [&](std::uint32_t, Members::Slot slot, const MemberLeaf& members, std::uint32_t end) {
          for (; slot.index < end; ++slot.index) one(slot, members);
        });
  });
  outcome.missing = uids.subtract(present);
  if (editor) t.now.contents = std::make_shared<Contents>(std::move(*editor).finish());
  set_own(t, viewer(), edit);
  return outcome;
}

void Change::remove(Touched& source, const std::vector<std::uint32_t>& positions) {
  if (positions.empty()) return;
  const std::shared_ptr<const Contents> base = source.now.contents;
  source.expunged.reserve(source.expunged.size() + positions.size());
  NumberSet gone;
  for (const std::uint32_t position : positions) {
    const Members::Slot slot = base->members().slot_of(position);
    const Member member = base->members().at(slot);
    const FlagState flags = base->flags().at(slot);
    if (source.now.readers != nullptr) gone.add(member.uid.value);
    source.expunged.emplace_back(member, flags);
    count(source.now.head, member, flags.system, false);
    draft_.counters.bytes -= member.size;
    --draft_.counters.messages;
  }
  TreeEditor editor(*base);
  editor.expunge(positions);
  source.now.contents = std::make_shared<Contents>(std::move(editor).finish());
  forget_flags(source, gone);
}

Result<NumberSet> Change::expunge_deleted(MailboxId mailbox, const std::optional<NumberSet>& uids) {
  auto touched = touch_contents(mailbox);
  if (!touched) return pass(touched);
  const Contents& contents = *(*touched)->now.contents;
  std::vector<std::uint32_t> positions;
  NumberSet gone;
  const auto consider = [&](std::uint32_t position, const MemberLeaf& members,
                            const FlagLeaf& flags, std::uint32_t k) {
    if ((flags.system[k] & bit(SystemFlag::deleted)) == 0) return;
    positions.push_back(position);
    gone.add(members.uid[k]);
  };
  if (uids) {
    for_each_of(contents, *uids, consider);
  } else if ((*touched)->now.head.deleted != 0) {
    contents.for_each(0, contents.count(), consider);
  }
  remove(**touched, positions);
  return gone;
}

Result<NumberSet> Change::expunge(MailboxId mailbox, const NumberSet& uids) {
  auto touched = touch_contents(mailbox);
  if (!touched) return pass(touched);
  const std::vector<std::uint32_t> positions =
      (*touched)->now.contents->members().positions_of(uids);
  NumberSet gone;
  for (const std::uint32_t p : positions)
    gone.add((*touched)->now.contents->members().uid_at(p).value);
  remove(**touched, positions);
  return gone;
}

}  // namespace posthorn::store
