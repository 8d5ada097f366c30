#include "service/live_result.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace posthorn::service {
namespace {

using async::Task;
using message::SearchKey;
using Kind = SearchKey::Kind;

SequenceSet set_of(const NumberSet& numbers) {
  SequenceSet set;
  set.ranges.reserve(numbers.ranges().size());
  for (const NumberSet::Range& range : numbers.ranges())
    set.ranges.push_back({range.first, range.last});
  return set;
}

/// Without "*".
SequenceSet without_star(const SequenceSet& uids, Uid last) {
  constexpr std::uint32_t kStar = SequenceSet::kStar;
  SequenceSet set;
  for (const SequenceSet::Range& range : uids.ranges) {
    if (range.a != kStar && range.b != kStar) {
      set.ranges.push_back(range);
    } else if (range.a != range.b) {
      const std::uint32_t first = std::min(std::max(range.a, range.b), last.value);
      set.ranges.push_back({std::max(first, 1U), UINT32_MAX});
    } else if (last != Uid(0)) {
      set.ranges.push_back({last.value, last.value});
    }
  }
  return set;
}

std::size_t octets_of(const SearchKey& key) {
  std::size_t octets = sizeof key + key.field.size() + key.text.size() +
                       key.set.ranges.size() * sizeof(SequenceSet::Range);
  for (const SearchKey& child : key.children) octets += octets_of(child);
  return octets;
}

SearchKey uid_key(const NumberSet& uids) {
  SearchKey key;
  key.kind = Kind::uid;
  key.set = set_of(uids);
  return key;
}

NumberSet uids_at(std::span<const std::uint32_t> positions, const store::Mailbox& mailbox) {
  NumberSet uids;
  store::MemberCursor members(mailbox.contents->members());
  for (const std::uint32_t position : positions) uids.add(members.uid_at(position).value);
  return uids;
}

std::vector<ResultRun> one_run(const NumberSet& uids) {
  if (uids.empty()) return {};
  ResultRun run;
  run.uids.reserve(uids.count());
  for (const NumberSet::Range& range : uids.ranges())
    for (std::uint64_t uid = range.first; uid <= range.last; ++uid)
      run.uids.push_back(static_cast<std::uint32_t>(uid));
  return {std::move(run)};
}

}  // namespace

SearchKey fixed(SearchKey key, const SearchScope& scope) {
  for (SearchKey& child : key.children) child = fixed(std::move(child), scope);
  if (key.kind != Kind::sequence && key.kind != Kind::uid) return key;
  if (key.set.saved_result) {
    key.set = set_of(*scope.saved);
  } else if (key.kind == Kind::sequence) {
    key.set = set_of(scope.told->uids_of(key.set.resolve(scope.told->count())));
  } else {
    key.set = without_star(key.set, scope.told->last_uid());
  }
  key.kind = Kind::uid;
  return key;
}

LiveResult::LiveResult(SearchKey key, std::vector<message::SortKey> order)
    : key_(std::move(key)), order_(std::move(order)), key_octets_(octets_of(key_)) {}

void LiveResult::start(const SearchScope& scope, std::span<const std::uint32_t> positions) {
  modseq_ = scope.mailbox.flags(*scope.now).highest_modseq();
  last_ = scope.told->last_uid();
  if (!is_sorted()) {
    set_ = uids_at(positions, *scope.now);
    return;
  }
  sorted_.clear();
  sorted_.reserve(positions.size());
  store::MemberCursor members(scope.now->contents->members());
  for (const std::uint32_t position : positions) sorted_.push_back(members.uid_at(position).value);
}

NumberSet LiveResult::among(const NumberSet& candidates) const {
  if (!is_sorted()) return set_.intersect(candidates);
  Ordered found;
  std::ranges::copy_if(sorted_, std::back_inserter(found),
                       [&](std::uint32_t uid) { return candidates.contains(uid); });
  std::ranges::sort(found);
  NumberSet set;
  for (const std::uint32_t uid : found) set.add(uid);
  return set;
}

std::vector<ResultRun> LiveResult::remove(const NumberSet& gone) {
  if (gone.empty()) return {};
  if (!is_sorted()) {
    const NumberSet removed = set_.intersect(gone);
    if (!removed.empty()) set_ = set_.subtract(removed);
    return one_run(removed);
  }
  // A run is removed as a whole, and then everything behind it has moved forward.
  std::vector<ResultRun> runs;
  std::uint32_t kept = 0;
  bool adjacent = false;
  for (const std::uint32_t uid : sorted_) {
    const bool goes = gone.contains(uid);
    if (goes && !adjacent) runs.push_back({kept, {}});
    if (goes)
      runs.back().uids.push_back(uid);
    else
      sorted_[kept++] = uid;
    adjacent = goes;
  }
  sorted_.resize(kept);
  return runs;
}

Task<Status> LiveResult::insert(const SearchScope& scope, const NumberSet& more,
                                std::vector<ResultRun>& runs) {
  if (more.empty()) co_return Status();
  if (!is_sorted()) {
    set_ = set_.unite(more);
    runs = one_run(more);
    co_return Status();
  }
  auto merged = co_await sort_into(scope, sorted_, more, order_);
  if (!merged) co_return pass(merged);
  bool adjacent = false;
  std::uint32_t place = 0;
  for (const std::uint32_t uid : *merged) {
    const bool is_new = more.contains(uid);
    if (is_new && !adjacent) runs.push_back({place, {}});
    if (is_new) runs.back().uids.push_back(uid);
    adjacent = is_new;
    ++place;
  }
  sorted_ = std::move(*merged);
  co_return Status();
}

Task<Result<ResultChanges>> LiveResult::advance(SearchScope scope) {
  const store::FlagsView flags = scope.mailbox.flags(*scope.now);
  const Uid last = scope.told->last_uid();
  NumberSet candidates;
  flags.for_each_changed(modseq_,
                         [&](std::uint32_t, const store::Member& member, const store::FlagState&) {
                           if (member.uid <= last) candidates.add(member.uid.value);
                         });
  NumberSet arrived;
  if (last > last_) arrived.add(last_.value + 1, last.value);
  candidates = candidates.unite(arrived);
  ResultChanges changes;
  if (!candidates.empty()) {
    SearchKey key;
    key.kind = Kind::conjunction;
    key.children.push_back(uid_key(candidates));
    key.children.push_back(key_);
    auto found = co_await search(scope, std::move(key));
    if (!found) co_return pass(found);
    const NumberSet matching = uids_at(found->positions, *scope.now);
    const NumberSet before = among(candidates);
    const NumberSet added = matching.subtract(before);
    changes.removed = remove(before.subtract(matching));
    if (auto done = co_await insert(scope, added, changes.added); !done) co_return pass(done);
    changes.arrived = added.intersect(arrived);
  }
  modseq_ = flags.highest_modseq();
  last_ = last;
  co_return changes;
}

std::size_t LiveResult::octets() const {
  return sizeof *this + key_octets_ + order_.size() * sizeof(message::SortKey) +
         set_.ranges().capacity() * sizeof(NumberSet::Range) +
         sorted_.capacity() * sizeof(std::uint32_t);
}

}  // namespace posthorn::service
