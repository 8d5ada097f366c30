#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "store/value/actor.h"
#include "store/value/mailbox.h"
#include "store/value/members.h"

namespace posthorn::store {

/// The flags of one version of a mailbox, as one reader sees them. Whatever shows flags, or decides
/// by them, for a user reads them here: FETCH, SEARCH, STATUS, the counters of unseen messages, and
/// what a session is told of changes.
///
/// At present every reader sees the flags that are stored with the messages. In a mailbox that
/// people share, \Seen belongs to each of them (RFC 4314 §4); this class is then where a reader's
/// own \Seen is laid over the stored flags.
///
/// A small value; the mailbox must outlive it. Only the functions that say so work without
/// contents.
class FlagsView {
 public:
  FlagsView(const Mailbox& mailbox, const Actor& reader) : mailbox_(&mailbox), reader_(reader) {}

  [[nodiscard]] const Mailbox& mailbox() const { return *mailbox_; }
  [[nodiscard]] const Actor& reader() const { return reader_; }

  // --- without contents --------------------------------------------------------------------------
  /// The number of messages without \Seen.
  [[nodiscard]] std::uint32_t unseen() const { return mailbox_->head.unseen; }
  [[nodiscard]] std::uint32_t deleted() const { return mailbox_->head.deleted; }
  [[nodiscard]] std::uint64_t deleted_bytes() const { return mailbox_->head.deleted_bytes; }
  [[nodiscard]] ModSeq highest_modseq() const { return mailbox_->head.highest_modseq; }

  // --- with contents -----------------------------------------------------------------------------
  [[nodiscard]] FlagState at(std::uint32_t position) const {
    return mailbox_->contents->flags_at(position);
  }
  /// Calls f(position, const MemberLeaf&, const FlagLeaf&, index) for the positions [first, last),
  /// in order.
  template <class F>
  void for_each(std::uint32_t first, std::uint32_t last, F&& f) const {
    mailbox_->contents->for_each(first, last, f);
  }
  /// The same with one call per leaf; see Contents::for_each_leaf.
  template <class F>
  void for_each_leaf(std::uint32_t first, std::uint32_t last, F&& f) const {
    mailbox_->contents->for_each_leaf(first, last, f);
  }
  /// Calls f(position, Member, FlagState) for every message whose MODSEQ is above `since`.
  template <class F>
  void for_each_changed(ModSeq since, F&& f) const {
    mailbox_->contents->for_each_changed(since, f);
  }
  /// The position of the first message without \Seen.
  [[nodiscard]] std::optional<std::uint32_t> first_unseen() const;

 private:
  const Mailbox* mailbox_;
  Actor reader_;
};

inline std::optional<std::uint32_t> FlagsView::first_unseen() const {
  if (unseen() == 0) return std::nullopt;
  constexpr std::uint32_t kStep = 4096;
  const std::uint32_t count = mailbox_->contents->count();
  std::optional<std::uint32_t> found;
  for (std::uint32_t at = 0; at < count && !found; at += kStep) {
    for_each(
        at, std::min(at + kStep, count),
        [&](std::uint32_t position, const MemberLeaf&, const FlagLeaf& flags, std::uint32_t k) {
          if (!found && (flags.system[k] & bit(SystemFlag::seen)) == 0) found = position;
        });
  }
  return found;
}

}  // namespace posthorn::store
