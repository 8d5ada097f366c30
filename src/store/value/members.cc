#include "store/value/members.h"

#include <algorithm>
#include <atomic>

namespace posthorn::store {
namespace {

std::uint64_t next_epoch() {
  static std::atomic<std::uint64_t> epoch{0};
  return ++epoch;
}

/// Copies a node unless only the edited tree holds it. (The base is alive and holds its own nodes.)
template <class Node>
Node& own(std::shared_ptr<Node>& node) {
  if (node.use_count() != 1) node = std::make_shared<Node>(*node);
  return *node;
}

void count_leaves(MemberInner& inner) {
  for (std::uint32_t l = 0; l < kInnerSize; ++l)
    inner.before[l + 1] = inner.before[l] + (inner.leaf[l] ? inner.leaf[l]->count : 0);
}

}  // namespace

std::uint64_t FlagLeaf::max_modseq() const {
  std::uint64_t most = 0;
  for (std::uint32_t i = 0; i < count; ++i) most = std::max(most, modseq[i]);
  return most;
}

Members::Slot Members::slot_of(std::uint32_t position) const {
  const auto inner = static_cast<std::uint32_t>(
      std::upper_bound(before_.begin(), before_.end() - 1, position) - before_.begin() - 1);
  const MemberInner& node = *inner_[inner];
  const std::uint32_t rest = position - before_[inner];
  const auto leaf = static_cast<std::uint32_t>(
      std::upper_bound(node.before.begin(), node.before.begin() + node.used, rest) -
      node.before.begin() - 1);
  return {inner, leaf, rest - node.before[leaf]};
}

Member Members::at(std::uint32_t position) const { return at(slot_of(position)); }

Uid Members::uid_at(std::uint32_t position) const {
  const Slot s = slot_of(position);
  return Uid(inner_[s.inner]->leaf[s.leaf]->uid[s.index]);
}

std::uint32_t Members::lower_bound(Uid uid) const {
  const auto i = std::upper_bound(first_uid_.begin(), first_uid_.end(), uid.value);
  if (i == first_uid_.begin()) return 0;
  const auto inner = static_cast<std::uint32_t>(i - first_uid_.begin() - 1);
  const MemberInner& node = *inner_[inner];
  const auto l =
      std::upper_bound(node.first_uid.begin(), node.first_uid.begin() + node.used, uid.value);
  if (l == node.first_uid.begin()) return before_[inner];
  const auto leaf = static_cast<std::uint32_t>(l - node.first_uid.begin() - 1);
  std::uint32_t position = before_[inner] + node.before[leaf];
  if (const MemberLeaf* found = node.leaf[leaf].get()) {
    position += static_cast<std::uint32_t>(
        std::lower_bound(found->uid.begin(), found->uid.begin() + found->count, uid.value) -
        found->uid.begin());
  }
  return position;
}

std::optional<std::uint32_t> Members::position_of(Uid uid) const {
  const std::uint32_t position = lower_bound(uid);
  if (position >= count() || uid_at(position) != uid) return std::nullopt;
  return position;
}

std::vector<std::uint32_t> Members::positions_of(const NumberSet& uids) const {
  std::vector<std::uint32_t> positions;
  for (const NumberSet::Range& range : uids.ranges()) {
    const std::uint32_t first = lower_bound(Uid(range.first));
    const std::uint32_t last =
        range.last == UINT32_MAX ? count() : lower_bound(Uid(range.last + 1));
    for (std::uint32_t position = first; position < last; ++position) positions.push_back(position);
  }
  return positions;
}

Uid Members::last_uid() const { return count() == 0 ? Uid(0) : uid_at(count() - 1); }

std::uint64_t Flags::max_modseq() const {
  std::uint64_t most = 0;
  for (const std::uint64_t m : max_modseq_) most = std::max(most, m);
  return most;
}

TreeEditor::TreeEditor(const Contents& base)
    : members_(std::make_shared<Members>(*base.members_)), flags_(base.flags_) {
  if (members_->epoch_ == 0) members_->epoch_ = next_epoch();
}

MemberInner& TreeEditor::own_members(std::uint32_t inner) { return own(members_->inner_[inner]); }
FlagInner& TreeEditor::own_flags(std::uint32_t inner) { return own(flags_.inner_[inner]); }

void TreeEditor::append(const Member& member, const FlagState& flags) {
  Members& m = *members_;
  const auto full = [](const MemberInner& inner) {
    const MemberLeaf* last = inner.leaf[kInnerSize - 1].get();
    return inner.used == kInnerSize && (last == nullptr || last->count == kLeafSize);
  };
  if (m.inner_.empty() || full(*m.inner_.back())) {
    m.inner_.push_back(std::make_shared<MemberInner>());
    m.first_uid_.push_back(member.uid.value);
    m.before_.push_back(m.before_.back());
    flags_.inner_.push_back(std::make_shared<FlagInner>());
    flags_.max_modseq_.push_back(0);
  }
  const auto i = static_cast<std::uint32_t>(m.inner_.size() - 1);
  MemberInner& inner = own_members(i);
  FlagInner& flag_inner = own_flags(i);
  if (inner.used == 0 || !inner.leaf[inner.used - 1] ||
      inner.leaf[inner.used - 1]->count == kLeafSize) {
    inner.leaf[inner.used] = std::make_shared<MemberLeaf>();
    flag_inner.leaf[inner.used] = std::make_shared<FlagLeaf>();
    inner.first_uid[inner.used] = member.uid.value;
    ++inner.used;
  }
  const std::uint32_t l = inner.used - 1;
  MemberLeaf& leaf = own(inner.leaf[l]);
  FlagLeaf& flag_leaf = own(flag_inner.leaf[l]);
  const std::uint32_t k = leaf.count++;
  leaf.uid[k] = member.uid.value;
  leaf.size[k] = member.size;
  leaf.ordinal[k] = member.ordinal.value;
  leaf.date[k] = member.internal_date.seconds;
  leaf.zone[k] = member.internal_date.zone_minutes;
  leaf.saved[k] = member.save_date;
  ++flag_leaf.count;
  for (std::uint32_t after = l + 1; after <= kInnerSize; ++after) ++inner.before[after];
  ++m.before_.back();
  set_flags({i, l, k}, flags);
}

void TreeEditor::set_flags(Members::Slot slot, const FlagState& flags) {
  FlagInner& inner = own_flags(slot.inner);
  FlagLeaf& leaf = own(inner.leaf[slot.leaf]);
  leaf.modseq[slot.index] = flags.modseq.value;
  leaf.system[slot.index] = flags.system;
  leaf.keywords[slot.index] = flags.keywords;
  inner.max_modseq[slot.leaf] = std::max(inner.max_modseq[slot.leaf], flags.modseq.value);
  flags_.max_modseq_[slot.inner] = std::max(flags_.max_modseq_[slot.inner], flags.modseq.value);
}

void TreeEditor::expunge(const std::vector<std::uint32_t>& positions) {
  auto lowest = static_cast<std::uint32_t>(members_->inner_.size());
  // From the end, so that the remaining positions stay valid.
  for (std::size_t n = positions.size(); n > 0;) {
    const Members::Slot at = members_->slot_of(positions[n - 1]);
    const std::uint32_t leaf_start = positions[n - 1] - at.index;
    std::array<bool, kLeafSize> dead{};
    while (n > 0 && positions[n - 1] >= leaf_start) dead[positions[--n] - leaf_start] = true;
    if (at.inner != lowest && lowest < members_->inner_.size()) count_leaves(own_members(lowest));
    lowest = at.inner;
    drop_from_leaf(at, dead);
  }
  if (lowest == members_->inner_.size()) return;
  count_leaves(own_members(lowest));
  for (std::size_t i = lowest; i < members_->inner_.size(); ++i)
    members_->before_[i + 1] = members_->before_[i] + members_->inner_[i]->before[kInnerSize];
}

void TreeEditor::drop_from_leaf(Members::Slot at, const std::array<bool, kLeafSize>& dead) {
  MemberInner& inner = own_members(at.inner);
  FlagInner& flag_inner = own_flags(at.inner);
  MemberLeaf& leaf = own(inner.leaf[at.leaf]);
  FlagLeaf& flags = own(flag_inner.leaf[at.leaf]);
  std::uint32_t kept = 0;
  for (std::uint32_t k = 0; k < leaf.count; ++k) {
    if (dead[k]) continue;
    leaf.uid[kept] = leaf.uid[k];
    leaf.size[kept] = leaf.size[k];
    leaf.ordinal[kept] = leaf.ordinal[k];
    leaf.date[kept] = leaf.date[k];
    leaf.saved[kept] = leaf.saved[k];
    leaf.zone[kept] = leaf.zone[k];
    flags.modseq[kept] = flags.modseq[k];
    flags.keywords[kept] = flags.keywords[k];
    flags.system[kept] = flags.system[k];
    ++kept;
  }
  leaf.count = flags.count = kept;
  if (kept == 0) {
    inner.leaf[at.leaf] = nullptr;
    flag_inner.leaf[at.leaf] = nullptr;
    flag_inner.max_modseq[at.leaf] = 0;
  }
}

Contents TreeEditor::finish() && {
  Contents made;
  made.members_ = std::move(members_);
  made.flags_ = std::move(flags_);
  return made;
}

MembershipDifference::MembershipDifference(const Members& told, const Members& now) {
  if (&told == &now) return;
  if (told.count() > 0 && told.epoch_ != now.epoch_) {
    compare_whole(told, now);
    return;
  }
  for (std::size_t i = 0; i < std::max(told.inner_.size(), now.inner_.size()); ++i) {
    const MemberInner* a = i < told.inner_.size() ? told.inner_[i].get() : nullptr;
    const MemberInner* b = i < now.inner_.size() ? now.inner_[i].get() : nullptr;
    if (a == b) continue;
    for (std::uint32_t l = 0; l < kInnerSize; ++l) {
      const MemberLeaf* before = a != nullptr ? a->leaf[l].get() : nullptr;
      const MemberLeaf* after = b != nullptr ? b->leaf[l].get() : nullptr;
      if (before == after) continue;
      compare_leaves(before, before != nullptr ? told.before_[i] + a->before[l] : 0, after);
    }
  }
}

void MembershipDifference::compare_leaves(const MemberLeaf* before, std::uint32_t position,
                                          const MemberLeaf* after) {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  const std::uint32_t a_end = before != nullptr ? before->count : 0;
  const std::uint32_t b_end = after != nullptr ? after->count : 0;
  while (a < a_end || b < b_end) {
    if (b == b_end || (a < a_end && before->uid[a] < after->uid[b])) {
      gone.push_back(position + a++);
    } else if (a == a_end || after->uid[b] < before->uid[a]) {
      added.emplace_back(after->uid[b++]);
    } else {
      ++a;
      ++b;
    }
  }
}

void MembershipDifference::compare_whole(const Members& told, const Members& now) {
  std::vector<std::uint32_t> uids;
  uids.reserve(now.count());
  now.for_each(0, now.count(), [&](std::uint32_t, const MemberLeaf& leaf, std::uint32_t k) {
    uids.push_back(leaf.uid[k]);
  });
  auto next = uids.begin();
  told.for_each(0, told.count(),
                [&](std::uint32_t position, const MemberLeaf& leaf, std::uint32_t k) {
                  while (next != uids.end() && *next < leaf.uid[k]) added.emplace_back(*next++);
                  if (next != uids.end() && *next == leaf.uid[k]) {
                    ++next;
                  } else {
                    gone.push_back(position);
                  }
                });
  for (; next != uids.end(); ++next) added.emplace_back(*next);
}

}  // namespace posthorn::store
