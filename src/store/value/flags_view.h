#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "store/value/actor.h"
#include "store/value/mailbox.h"
#include "store/value/members.h"

namespace posthorn::store {

/// The flags of one version of a mailbox, as one reader sees them. Whatever shows flags, or decides
/// by them, for a user reads them here: FETCH, SEARCH, STATUS, the counters of unseen messages, and
/// what a session is told of changes.
///
/// In a mailbox that people share, \Seen belongs to each of them (RFC 4314 §4), and other flags do
/// if that is wanted (value/sharing_entries.h). So does the MODSEQ of a change to them: a change
/// that one makes to his own flags is none for the others.
///
/// A small value; the mailbox must outlive it. Only the functions that say so work without
/// contents.
class FlagsView {
 public:
  /// `owner` is the account that the mailbox belongs to; who is not a user sees what its owner
  /// sees.
  FlagsView(const Mailbox& mailbox, const Actor& reader, const AccountId& owner)
      : mailbox_(&mailbox), own_(own_of(mailbox, reader, owner)) {}

  [[nodiscard]] const Mailbox& mailbox() const { return *mailbox_; }

  // --- without contents --------------------------------------------------------------------------
  /// The number of messages without \Seen.
  [[nodiscard]] std::uint32_t unseen() const {
    const std::uint32_t stored = mailbox_->head.unseen;
    return own_ == nullptr ? stored : own_->count_unseen(stored);
  }
  [[nodiscard]] std::uint32_t deleted() const { return mailbox_->head.deleted; }
  [[nodiscard]] std::uint64_t deleted_bytes() const { return mailbox_->head.deleted_bytes; }
  [[nodiscard]] ModSeq highest_modseq() const {
    const ModSeq stored = mailbox_->head.highest_modseq;
    return own_ == nullptr ? stored : std::max(stored, own_->highest_modseq());
  }

  /// What the keywords of the flags shown here are.
  [[nodiscard]] KeywordsView keywords() const {
    return KeywordsView(*mailbox_->keywords, own_ == nullptr ? nullptr : &own_->keywords);
  }

  // --- with contents -----------------------------------------------------------------------------
  [[nodiscard]] FlagState at(std::uint32_t position) const {
    const FlagState stored = mailbox_->contents->flags_at(position);
    return own_ == nullptr ? stored
                           : own_->shown(mailbox_->contents->members().uid_at(position), stored);
  }
  /// Calls f(position, const MemberLeaf&, const FlagLeaf&, index) for the positions [first, last),
  /// in order. The leaves are valid during the call only.
  template <class F>
  void for_each(std::uint32_t first, std::uint32_t last, F&& f) const {
    for_each_leaf(first, last,
                  [&](std::uint32_t position, const MemberLeaf& leaf, const FlagLeaf& flags,
                      std::uint32_t begin, std::uint32_t end) {
                    for (std::uint32_t k = begin; k < end; ++k) f(position++, leaf, flags, k);
                  });
  }
  /// The same with one call per leaf; see Contents::for_each_leaf.
  template <class F>
  void for_each_leaf(std::uint32_t first, std::uint32_t last, F&& f) const {
    if (own_ == nullptr) return mailbox_->contents->for_each_leaf(first, last, f);
    mailbox_->contents->for_each_leaf(
        first, last,
        [&](std::uint32_t position, const MemberLeaf& members, const FlagLeaf& stored,
            std::uint32_t begin, std::uint32_t end) {
          const FlagLeaf shown = shown_leaf(members, stored);
          f(position, members, shown, begin, end);
        });
  }
  /// Calls f(position, Member, FlagState) for every message whose MODSEQ is above `since`, in
  /// order.
  template <class F>
  void for_each_changed(ModSeq since, F&& f) const {
    if (own_ == nullptr) return mailbox_->contents->for_each_changed(since, f);
    const Members& members = mailbox_->contents->members();
    for (const std::uint32_t position : changed_since(since))
      f(position, members.at(position), at(position));
  }
  /// The position of the first message without \Seen.
  [[nodiscard]] std::optional<std::uint32_t> first_unseen() const;

 private:
  static const ReaderFlags* own_of(const Mailbox& mailbox, const Actor& reader,
                                   const AccountId& owner) {
    if (mailbox.readers == nullptr) return nullptr;
    const auto it =
        mailbox.readers->find(reader.kind == Actor::Kind::user ? reader.account : owner);
    return it == mailbox.readers->end() ? nullptr : it->second.get();
  }
  /// A leaf as the reader sees it.
  [[nodiscard]] FlagLeaf shown_leaf(const MemberLeaf& members, const FlagLeaf& stored) const;
  /// The positions of messages whose MODSEQ is above `since`, ascending.
  [[nodiscard]] std::vector<std::uint32_t> changed_since(ModSeq since) const;

  const Mailbox* mailbox_;
  const ReaderFlags* own_;  ///< Null if what is stored with the messages counts.
};

}  // namespace posthorn::store
