#include "service/membership.h"

#include <algorithm>

namespace posthorn::service {

Membership::Membership(std::shared_ptr<const store::Members> members) {
  const std::uint32_t count = members->count();
  parts_.push_back({std::move(members), 0, count, 0});
}

const Membership::Part& Membership::part_of(std::uint32_t position) const {
  std::size_t i = parts_.size() - 1;
  while (parts_[i].base > position) --i;
  return parts_[i];
}

store::Member Membership::at(std::uint32_t position) const {
  const Part& part = part_of(position);
  return part.members->at(part.first + position - part.base);
}

Uid Membership::uid_at(std::uint32_t position) const {
  const Part& part = part_of(position);
  return part.members->uid_at(part.first + position - part.base);
}

std::uint32_t Membership::lower_bound(Uid uid) const {
  // The UIDs of the parts ascend, so the first part that is not wholly below the UID decides.
  for (const Part& part : parts_) {
    const std::uint32_t at = std::clamp(part.members->lower_bound(uid), part.first, part.last);
    if (at < part.last) return part.base + at - part.first;
  }
  return count();
}

std::optional<std::uint32_t> Membership::position_of(Uid uid) const {
  const std::uint32_t at = lower_bound(uid);
  if (at == count() || uid_at(at) != uid) return std::nullopt;
  return at;
}

Uid Membership::last_uid() const { return count() == 0 ? Uid(0) : uid_at(count() - 1); }

Membership::Difference Membership::difference(const store::Members& now) const {
  Difference result;
  const Uid last = last_uid();
  result.added = now.count() - now.lower_bound(Uid(last.value + 1));
  const Part& main = parts_.front();
  if (main.members.get() != &now) {
    store::MembershipDifference tree(*main.members, now);
    result.gone = std::move(tree.gone);
    while (!result.gone.empty() && result.gone.back() >= main.last) result.gone.pop_back();
  }
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    std::uint32_t position = part.base;
    part.members->for_each(part.first, part.last,
                           [&](std::uint32_t, const store::MemberLeaf& leaf, std::uint32_t k) {
                             if (!now.position_of(Uid(leaf.uid[k])))
                               result.gone.push_back(position);
                             ++position;
                           });
  }
  return result;
}

bool Membership::extend(const std::shared_ptr<const store::Members>& now) {
  const std::uint32_t first = now->lower_bound(Uid(last_uid().value + 1));
  if (first == now->count()) return true;
  if (parts_.size() > 1) {
    // The last part can be extended if none of its messages was removed meanwhile.
    Part& tail = parts_.back();
    const std::uint32_t from = now->lower_bound(tail.members->uid_at(tail.first));
    if (first - from == tail.size()) {
      tail = {now, from, now->count(), tail.base};
      return true;
    }
    if (parts_.size() == kMaxParts) return false;
  }
  parts_.push_back({now, first, now->count(), count()});
  return true;
}

Membership Membership::without_arrivals(const std::shared_ptr<const store::Members>& now) const {
  Membership left(now);
  left.parts_.front().last = now->lower_bound(Uid(last_uid().value + 1));
  return left;
}

NumberSet Membership::uids_of(const NumberSet& seqnums) const {
  NumberSet uids;
  for (const auto& range : seqnums.ranges()) {
    if (range.first > count()) break;
    for_each(range.first - 1, std::min(range.last, count()),
             [&](std::uint32_t, const store::Member& member) { uids.add(member.uid.value); });
  }
  return uids;
}

NumberSet Membership::seqnums_of(const NumberSet& uids) const {
  NumberSet seqnums;
  for (const auto& range : uids.ranges()) {
    const std::uint32_t from = lower_bound(Uid(range.first));
    const std::uint32_t to = range.last == UINT32_MAX ? count() : lower_bound(Uid(range.last + 1));
    if (from < to) seqnums.add(from + 1, to);
  }
  return seqnums;
}

}  // namespace posthorn::service
