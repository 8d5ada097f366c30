#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/flags.h"
#include "base/ids.h"
#include "base/number_set.h"

/// A mailbox as a value: two trees of the same shape. One holds what never changes about a message
/// (*members*), the other its flags. Both are persistent data structures: a change copies the path
/// to the changed nodes and shares all others.
///
/// A message keeps its slot for the life of the tree: expunging shrinks a leaf and moves nothing
/// between leaves. Two versions of one tree can therefore be compared slot by slot, and equal
/// pointers mean equal content, so a comparison costs time in proportion to the difference. A
/// session keeps a members tree only; it does not keep flags alive.
namespace posthorn::store {

/// The immutable properties of a message in a mailbox.
struct Member {
  Uid uid;
  Ordinal ordinal;
  std::uint32_t size = 0;  ///< RFC822.SIZE, in octets.
  Timestamp internal_date;
  std::uint32_t save_date = 0;  ///< Seconds since 1970 (SAVEDATE, RFC 8514).
};

/// The mutable properties of a message. `keywords` is a set in the mailbox's KeywordTable; 0 is the
/// empty set.
struct FlagState {
  ModSeq modseq;
  SystemFlags system = 0;
  std::uint32_t keywords = 0;
};

inline constexpr std::uint32_t kLeafSize = 64;
inline constexpr std::uint32_t kInnerSize = 128;

struct MemberLeaf {
  std::uint32_t count = 0;
  std::array<std::uint32_t, kLeafSize> uid;
  std::array<std::uint32_t, kLeafSize> size;
  std::array<std::uint64_t, kLeafSize> ordinal;
  std::array<std::int64_t, kLeafSize> date;
  std::array<std::uint32_t, kLeafSize> saved;
  std::array<std::int16_t, kLeafSize> zone;

  [[nodiscard]] Member at(std::uint32_t i) const {
    return {Uid(uid[i]), Ordinal(ordinal[i]), size[i], {date[i], zone[i]}, saved[i]};
  }
};

struct FlagLeaf {
  std::uint32_t count = 0;
  std::array<std::uint64_t, kLeafSize> modseq;
  std::array<std::uint32_t, kLeafSize> keywords;
  std::array<SystemFlags, kLeafSize> system;

  [[nodiscard]] FlagState at(std::uint32_t i) const {
    return {ModSeq(modseq[i]), system[i], keywords[i]};
  }
  [[nodiscard]] std::uint64_t max_modseq() const;
};

struct MemberInner {
  std::array<std::shared_ptr<MemberLeaf>, kInnerSize> leaf;
  /// A lower bound of the leaf's UIDs; ascending.
  std::array<std::uint32_t, kInnerSize> first_uid{};
  /// Number of messages in leaves 0..i-1; the last element is the total.
  std::array<std::uint32_t, kInnerSize + 1> before{};
  std::uint32_t used = 0;  ///< Number of slots assigned, including empty ones.
};

struct FlagInner {
  std::array<std::shared_ptr<FlagLeaf>, kInnerSize> leaf;
  std::array<std::uint64_t, kInnerSize> max_modseq{};
};

/// The messages of a mailbox in UID order. A copy costs a vector of pointers; the nodes are shared.
class Members {
 public:
  [[nodiscard]] std::uint32_t count() const { return before_.back(); }
  /// Requires: position < count().
  [[nodiscard]] Member at(std::uint32_t position) const;
  [[nodiscard]] Uid uid_at(std::uint32_t position) const;
  [[nodiscard]] std::optional<std::uint32_t> position_of(Uid uid) const;
  /// Returns the number of messages with a UID below this one.
  [[nodiscard]] std::uint32_t lower_bound(Uid uid) const;
  [[nodiscard]] Uid last_uid() const;
  /// The positions of those of `uids` that exist, ascending.
  [[nodiscard]] std::vector<std::uint32_t> positions_of(const NumberSet& uids) const;

  struct Slot {
    std::uint32_t inner;
    std::uint32_t leaf;
    std::uint32_t index;
  };

  /// Calls f(position, leaf, index) for the positions [first, last), leaf by leaf in order.
  template <class F>
  void for_each(std::uint32_t first, std::uint32_t last, F&& f) const;
  /// The same, one call per leaf: f(position, slot, leaf, end) for its messages [slot.index, end);
  /// `position` is that of the first.
  template <class F>
  void for_each_leaf(std::uint32_t first, std::uint32_t last, F&& f) const;

  [[nodiscard]] Slot slot_of(std::uint32_t position) const;
  [[nodiscard]] std::uint32_t position_of(Slot slot) const {
    return before_[slot.inner] + inner_[slot.inner]->before[slot.leaf] + slot.index;
  }
  [[nodiscard]] Member at(Slot slot) const { return leaf(slot).at(slot.index); }
  [[nodiscard]] const MemberLeaf& leaf(Slot slot) const {
    return *inner_[slot.inner]->leaf[slot.leaf];
  }

 private:
  friend class TreeEditor;
  friend class MembershipDifference;
  std::vector<std::shared_ptr<MemberInner>> inner_;
  std::vector<std::uint32_t> first_uid_;  ///< One per inner node.
  /// Number of messages before each inner node; the last element is the total.
  std::vector<std::uint32_t> before_ = {0};
  std::uint64_t epoch_ = 0;  ///< Trees of the same epoch have the same slots.
};

/// Looks up messages by position. Fastest if the next position is near the last one. The Members
/// must outlive the cursor.
class MemberCursor {
 public:
  explicit MemberCursor(const Members& members) : members_(members) {}
  /// Requires, for both functions: position < count().
  [[nodiscard]] Member at(std::uint32_t position) {
    return leaf_of(position).at(position - first_);
  }
  [[nodiscard]] Uid uid_at(std::uint32_t position) {
    return Uid(leaf_of(position).uid[position - first_]);
  }

 private:
  const MemberLeaf& leaf_of(std::uint32_t position) {
    if (leaf_ == nullptr || position - first_ >= leaf_->count) {
      const Members::Slot slot = members_.slot_of(position);
      leaf_ = &members_.leaf(slot);
      first_ = position - slot.index;
    }
    return *leaf_;
  }

  const Members& members_;
  const MemberLeaf* leaf_ = nullptr;
  std::uint32_t first_ = 0;  ///< Position of the leaf's first message.
};

/// The flags, in the same slots as the Members they belong to.
class Flags {
 public:
  [[nodiscard]] FlagState at(Members::Slot slot) const {
    return inner_[slot.inner]->leaf[slot.leaf]->at(slot.index);
  }
  [[nodiscard]] std::uint64_t max_modseq() const;

 private:
  friend class TreeEditor;
  friend class Contents;
  std::vector<std::shared_ptr<FlagInner>> inner_;
  std::vector<std::uint64_t> max_modseq_;  ///< One per inner node.
};

/// One version of the messages of a mailbox.
class Contents {
 public:
  Contents() : members_(std::make_shared<Members>()) {}
  [[nodiscard]] const Members& members() const { return *members_; }
  [[nodiscard]] const std::shared_ptr<const Members>& shared_members() const { return members_; }
  [[nodiscard]] std::uint32_t count() const { return members_->count(); }
  [[nodiscard]] FlagState flags_at(std::uint32_t position) const {
    return flags_.at(members_->slot_of(position));
  }
  [[nodiscard]] const Flags& flags() const { return flags_; }

  /// Calls f(position, const MemberLeaf&, const FlagLeaf&, index) for the positions [first, last),
  /// in order.
  template <class F>
  void for_each(std::uint32_t first, std::uint32_t last, F&& f) const;
  /// The same, one call per leaf: f(position, const MemberLeaf&, const FlagLeaf&, begin, end) for
  /// the messages [begin, end) of the leaf; `position` is that of the first.
  template <class F>
  void for_each_leaf(std::uint32_t first, std::uint32_t last, F&& f) const;
  /// Calls f(position, Member, FlagState) for every message whose MODSEQ is above `since`. Skips
  /// unchanged parts of the tree, so the cost depends on the number of changes.
  template <class F>
  void for_each_changed(ModSeq since, F&& f) const;

 private:
  friend class TreeEditor;
  std::shared_ptr<const Members> members_;
  Flags flags_;
};

/// Makes the next version of a tree. Nodes of the base are copied when they are first changed;
/// nodes made by this editor are changed in place. The base must outlive the editor and is never
/// modified.
class TreeEditor {
 public:
  explicit TreeEditor(const Contents& base);
  /// Requires: the UID is above all existing ones.
  void append(const Member& member, const FlagState& flags);
  void set_flags(Members::Slot slot, const FlagState& flags);
  void set_flags(std::uint32_t position, const FlagState& flags) {
    set_flags(members_->slot_of(position), flags);
  }
  /// Removes the messages at these positions; ascending, and counted in the tree as edited so far.
  void expunge(const std::vector<std::uint32_t>& positions);
  /// Returns the new version. The editor cannot be used afterwards.
  [[nodiscard]] Contents finish() &&;
  [[nodiscard]] const Members& members() const { return *members_; }
  [[nodiscard]] FlagState flags_at(Members::Slot slot) const { return flags_.at(slot); }

 private:
  MemberInner& own_members(std::uint32_t inner);
  FlagInner& own_flags(std::uint32_t inner);
  void drop_from_leaf(Members::Slot at, const std::array<bool, kLeafSize>& dead);

  std::shared_ptr<Members> members_;
  Flags flags_;
};

/// The difference between two memberships: UIDs that the session was told of and that are gone, and
/// UIDs that exist and that it was not told of. For trees of the same epoch the cost depends on the
/// difference, otherwise on the size of both.
class MembershipDifference {
 public:
  MembershipDifference(const Members& told, const Members& now);
  /// Positions in `told`, ascending.
  std::vector<std::uint32_t> gone;
  /// The appended messages: UIDs above the last of `told`, ascending.
  std::vector<Uid> added;

 private:
  void compare_leaves(const MemberLeaf* before, std::uint32_t position, const MemberLeaf* after);
  void compare_whole(const Members& told, const Members& now);
};

template <class F>
void Members::for_each_leaf(std::uint32_t first, std::uint32_t last, F&& f) const {
  if (first >= last) return;
  Slot slot = slot_of(first);
  std::uint32_t position = first;
  for (; slot.inner < inner_.size() && position < last; ++slot.inner, slot.leaf = 0) {
    const MemberInner& inner = *inner_[slot.inner];
    for (; slot.leaf < inner.used && position < last; ++slot.leaf, slot.index = 0) {
      const MemberLeaf* leaf = inner.leaf[slot.leaf].get();
      if (leaf == nullptr) continue;
      const std::uint32_t end = slot.index + std::min(leaf->count - slot.index, last - position);
      if (slot.index != end) f(position, slot, *leaf, end);
      position += end - slot.index;
    }
  }
}

template <class F>
void Members::for_each(std::uint32_t first, std::uint32_t last, F&& f) const {
  for_each_leaf(first, last,
                [&](std::uint32_t position, Slot slot, const MemberLeaf& leaf, std::uint32_t end) {
                  for (std::uint32_t k = slot.index; k < end; ++k) f(position++, leaf, k);
                });
}

template <class F>
void Contents::for_each_leaf(std::uint32_t first, std::uint32_t last, F&& f) const {
  members_->for_each_leaf(
      first, last,
      [&](std::uint32_t position, Members::Slot slot, const MemberLeaf& leaf, std::uint32_t end) {
        f(position, leaf, *flags_.inner_[slot.inner]->leaf[slot.leaf], slot.index, end);
      });
}

template <class F>
void Contents::for_each(std::uint32_t first, std::uint32_t last, F&& f) const {
  for_each_leaf(first, last,
                [&](std::uint32_t position, const MemberLeaf& leaf, const FlagLeaf& flags,
                    std::uint32_t begin, std::uint32_t end) {
                  for (std::uint32_t k = begin; k < end; ++k) f(position++, leaf, flags, k);
                });
}

template <class F>
void Contents::for_each_changed(ModSeq since, F&& f) const {
  for (std::uint32_t i = 0; i < flags_.inner_.size(); ++i) {
    const FlagInner& inner = *flags_.inner_[i];
    for (std::uint32_t l = 0; flags_.max_modseq_[i] > since.value && l < kInnerSize; ++l) {
      const FlagLeaf* leaf = inner.leaf[l].get();
      if (leaf == nullptr || inner.max_modseq[l] <= since.value) continue;
      const Members::Slot first{i, l, 0};
      const std::uint32_t base = members_->position_of(first);
      for (std::uint32_t k = 0; k < leaf->count; ++k) {
        if (leaf->modseq[k] > since.value)
          f(base + k, members_->at(Members::Slot{i, l, k}), leaf->at(k));
      }
    }
  }
}

}  // namespace posthorn::store
