#include "store/value/reader_flags.h"

#include <algorithm>
#include <ranges>

namespace posthorn::store {
namespace {

constexpr bool has(SystemFlags flags, SystemFlag flag) { return (flags & bit(flag)) != 0; }

NumberSet toggled(const NumberSet& set, const NumberSet& uids) {
  return set.unite(uids).subtract(set.intersect(uids));
}

}  // namespace

void OwnFlagsEdit::add(Uid uid, SystemFlags stored_with, SystemFlags before, SystemFlags after,
                       SystemFlags own) {
  const auto changed = static_cast<SystemFlags>((before ^ after) & own);
  if (has(changed, SystemFlag::seen)) {
    (has(after, SystemFlag::seen) ? to_seen : to_unseen).add(uid.value);
    if (has(stored_with, SystemFlag::seen)) stored.add(uid.value);
  }
  if (has(changed, SystemFlag::flagged)) flagged.add(uid.value);
  if (has(changed, SystemFlag::answered)) answered.add(uid.value);
}

NumberSet OwnFlagsEdit::uids() const {
  return to_seen.unite(to_unseen)
      .unite(flagged)
      .unite(answered)
      .unite(keywords.uids())
      .unite(stored_keywords);
}

ModSeq ReaderFlags::modseq_of(Uid uid) const {
  for (const Step& step : std::views::reverse(steps))
    if (step.uids.contains(uid.value)) return step.modseq;
  return ModSeq(0);
}

NumberSet ReaderFlags::changed_since(ModSeq since) const {
  NumberSet changed;
  for (const Step& step : std::views::reverse(steps)) {
    if (step.modseq <= since) break;
    changed = changed.unite(step.uids);
  }
  return changed;
}

SystemFlags ReaderFlags::shown(Uid uid, SystemFlags stored) const {
  const NumberSet& other = has(stored, SystemFlag::seen) ? unseen : seen;
  SystemFlags flags = stored;
  if (other.contains(uid.value)) flags ^= bit(SystemFlag::seen);
  if (flagged.contains(uid.value)) flags ^= bit(SystemFlag::flagged);
  if (answered.contains(uid.value)) flags ^= bit(SystemFlag::answered);
  return flags;
}

FlagState ReaderFlags::shown(Uid uid, const FlagState& stored) const {
  FlagState flags{std::max(stored.modseq, modseq_of(uid)), shown(uid, stored.system),
                  stored.keywords};
  if (const auto own = keywords.find(uid)) flags.keywords = kFirstOwnSet + *own;
  return flags;
}

std::uint32_t ReaderFlags::count_unseen(std::uint32_t stored_unseen) const {
  const std::uint64_t all = stored_unseen + unseen.count();
  return static_cast<std::uint32_t>(all - std::min(all, seen.count()));
}

NumberSet ReaderFlags::differing(const OwnFlags& flags) const {
  NumberSet uids;
  if (has(flags.system, SystemFlag::seen)) uids = seen.unite(unseen);
  if (has(flags.system, SystemFlag::flagged)) uids = uids.unite(flagged);
  if (has(flags.system, SystemFlag::answered)) uids = uids.unite(answered);
  return flags.keywords ? uids.unite(keywords.uids()) : uids;
}

void ReaderFlags::change(const OwnFlagsEdit& edit, ModSeq modseq) {
  const NumberSet uids = edit.uids();
  if (uids.empty()) return;
  seen = seen.unite(edit.to_seen.subtract(edit.stored)).subtract(edit.to_unseen);
  unseen = unseen.unite(edit.to_unseen.intersect(edit.stored)).subtract(edit.to_seen);
  flagged = toggled(flagged, edit.flagged);
  answered = toggled(answered, edit.answered);
  keywords.erase(edit.stored_keywords);
  keywords.put(edit.keywords);
  for (Step& step : steps) step.uids = step.uids.subtract(uids);
  if (!steps.empty() && steps.back().modseq == modseq) {
    steps.back().uids = steps.back().uids.unite(uids);
  } else {
    steps.push_back({modseq, uids});
  }
  // The last one is never empty, so the highest MODSEQ stays.
  std::erase_if(steps, [](const Step& step) { return step.uids.empty(); });
  if (steps.size() <= kMaxSteps) return;
  steps[1].uids = steps[1].uids.unite(steps[0].uids);
  steps.erase(steps.begin());
}

bool ReaderFlags::knows_any_of(const NumberSet& uids) const {
  constexpr OwnFlags kAll{bit(SystemFlag::seen) | OwnFlags::kMarks, true};
  return !differing(kAll).intersect(uids).empty();
}

void ReaderFlags::forget(const NumberSet& uids) {
  seen = seen.subtract(uids);
  unseen = unseen.subtract(uids);
  flagged = flagged.subtract(uids);
  answered = answered.subtract(uids);
  keywords.erase(uids);
  // An empty step remains if it is the last, for its MODSEQ.
  for (Step& step : steps) step.uids = step.uids.subtract(uids);
}

void ReaderFlags::forget(const OwnFlags& flags) {
  if (has(flags.system, SystemFlag::seen)) seen = unseen = {};
  if (has(flags.system, SystemFlag::flagged)) flagged = {};
  if (has(flags.system, SystemFlag::answered)) answered = {};
  if (flags.keywords) keywords = {};
}

}  // namespace posthorn::store
