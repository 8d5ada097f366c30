#include "store/value/own_keywords.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "store/value/mailbox.h"

namespace posthorn::store {

std::optional<std::uint32_t> OwnKeywords::find(Uid uid) const {
  const auto run = std::ranges::lower_bound(runs_, uid.value, {}, &Run::last);
  if (run == runs_.end() || run->first > uid.value) return std::nullopt;
  return run->set;
}

NumberSet OwnKeywords::uids() const {
  NumberSet uids;
  for (const Run& run : runs_) uids.add(run.first, run.last);
  return uids;
}

std::uint32_t OwnKeywords::index_of(const Set& set) {
  const auto [known, is_new] = by_set_.try_emplace(set, static_cast<std::uint32_t>(sets_.size()));
  if (is_new) sets_.push_back(set);
  return known->second;
}

void OwnKeywords::extend(const Run& run) {
  if (!runs_.empty() && runs_.back().set == run.set && runs_.back().last + 1 == run.first) {
    runs_.back().last = run.last;
  } else {
    runs_.push_back(run);
  }
}

void OwnKeywords::append(Uid uid, const Set& set) { extend({uid.value, uid.value, index_of(set)}); }

void OwnKeywords::erase(const NumberSet& uids) {
  if (uids.empty() || runs_.empty()) return;
  std::vector<Run> left;
  left.reserve(runs_.size());
  auto gone = uids.ranges().begin();
  const auto end = uids.ranges().end();
  for (Run run : runs_) {
    while (gone != end && gone->last < run.first) ++gone;
    // A range may cover parts of several runs, so it is not left behind here.
    for (auto cut = gone; cut != end && cut->first <= run.last && run.first <= run.last; ++cut) {
      if (cut->first > run.first) left.push_back({run.first, cut->first - 1, run.set});
      if (cut->last >= run.last) {
        run.first = run.last;
        run.last = 0;  // Nothing is left of it.
        break;
      }
      run.first = cut->last + 1;
    }
    if (run.first <= run.last) left.push_back(run);
  }
  runs_ = std::move(left);
}

void OwnKeywords::put(const OwnKeywords& changed) {
  if (changed.empty()) return;
  erase(changed.uids());
  std::vector<std::uint32_t> index;
  index.reserve(changed.sets_.size());
  for (const Set& set : changed.sets_) index.push_back(index_of(set));
  std::vector<Run> added = changed.runs_;
  for (Run& run : added) run.set = index[run.set];
  const std::vector<Run> before = std::exchange(runs_, {});
  std::vector<Run> all;
  all.reserve(before.size() + added.size());
  std::ranges::merge(before, added, std::back_inserter(all), {}, &Run::first, &Run::first);
  for (const Run& run : all) extend(run);
  drop_unused_sets();
}

// A change leaves few of them behind, so this may wait until there are many.
void OwnKeywords::drop_unused_sets() {
  constexpr std::size_t kFew = 32;
  if (sets_.size() <= 2 * runs_.size() + kFew) return;
  const std::vector<Set> before = std::exchange(sets_, {});
  by_set_.clear();
  for (Run& run : runs_) run.set = index_of(before[run.set]);
}

bool OwnKeywords::assign(const std::vector<Set>& sets, std::vector<Run> runs) {
  std::uint64_t next = 1;
  for (const Run& run : runs) {
    if (run.first < next || run.last < run.first || run.set >= sets.size()) return false;
    next = std::uint64_t{run.last} + 1;
  }
  for (const Set& set : sets)
    if (std::ranges::adjacent_find(set, std::ranges::greater_equal()) != set.end()) return false;
  *this = {};
  for (Run& run : runs) {
    run.set = index_of(sets[run.set]);
    extend(run);
  }
  return true;
}

const OwnKeywords::Set& KeywordsView::set(std::uint32_t id) const {
  if (id < kFirstOwnSet) return table_->set(id);
  const std::uint32_t index = id - kFirstOwnSet;
  return own_ != nullptr && index < own_->sets().size() ? own_->sets()[index] : table_->set(0);
}

bool KeywordsView::set_has(std::uint32_t id, std::uint16_t keyword) const {
  return std::ranges::binary_search(set(id), keyword);
}

std::vector<std::string> KeywordsView::names_of(std::uint32_t id) const {
  std::vector<std::string> names;
  for (const std::uint16_t keyword : set(id))
    if (keyword < table_->names().size()) names.push_back(table_->names()[keyword]);
  return names;
}

}  // namespace posthorn::store
