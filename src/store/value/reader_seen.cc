#include "store/value/reader_seen.h"

#include <algorithm>
#include <ranges>

namespace posthorn::store {

ModSeq ReaderSeen::modseq_of(Uid uid) const {
  for (const Step& step : std::views::reverse(steps))
    if (step.uids.contains(uid.value)) return step.modseq;
  return ModSeq(0);
}

NumberSet ReaderSeen::changed_since(ModSeq since) const {
  NumberSet changed;
  for (const Step& step : std::views::reverse(steps)) {
    if (step.modseq <= since) break;
    changed = changed.unite(step.uids);
  }
  return changed;
}

FlagState ReaderSeen::shown(Uid uid, const FlagState& stored) const {
  FlagState flags = stored;
  flags.modseq = std::max(stored.modseq, modseq_of(uid));
  flags.system = static_cast<SystemFlags>(flags.system & ~bit(SystemFlag::seen));
  if (is_seen(uid, stored.system)) flags.system |= bit(SystemFlag::seen);
  return flags;
}

std::uint32_t ReaderSeen::count_unseen(std::uint32_t stored_unseen) const {
  const std::uint64_t all = stored_unseen + unseen.count();
  return static_cast<std::uint32_t>(all - std::min(all, seen.count()));
}

void ReaderSeen::set(const NumberSet& uids, const NumberSet& stored, bool to_seen, ModSeq modseq) {
  if (uids.empty()) return;
  const NumberSet plain = uids.subtract(stored);
  const NumberSet marked = uids.intersect(stored);
  seen = to_seen ? seen.unite(plain) : seen.subtract(plain);
  unseen = to_seen ? unseen.subtract(marked) : unseen.unite(marked);
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

bool ReaderSeen::knows_any_of(const NumberSet& uids) const {
  return !seen.intersect(uids).empty() || !unseen.intersect(uids).empty();
}

void ReaderSeen::forget(const NumberSet& uids) {
  seen = seen.subtract(uids);
  unseen = unseen.subtract(uids);
  // An empty step remains if it is the last, for its MODSEQ.
  for (Step& step : steps) step.uids = step.uids.subtract(uids);
}

}  // namespace posthorn::store
