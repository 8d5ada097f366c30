#include "store/upkeep/damage_log.h"

#include "base/log.h"

namespace posthorn::store {
namespace {

std::string describe(const DamageLog::Place& place) {
  const std::string id = to_hex(place.account);
  return fmt::format("account {} mailbox \"{}\"",
                     place.account_name.empty() ? id : place.account_name + " (" + id + ")",
                     place.mailbox_name);
}

}  // namespace

std::string describe_uids(const NumberSet& uids) {
  constexpr std::size_t kLongest = 200;
  // A long set is not converted to text as a whole, since the text will be cut.
  NumberSet first;
  for (const NumberSet::Range& range : uids.ranges()) {
    if (first.ranges().size() == kLongest) break;
    first.add(range.first, range.last);
  }
  std::string text = first.to_text();
  if (text.size() > kLongest) {
    text.resize(text.rfind(',', kLongest));
    text += ",...";
  }
  return (uids.count() == 1 ? "UID " : "UIDs ") + text;
}

DamageLog::Said* DamageLog::said_of(const Place& place, std::int64_t now) {
  constexpr std::int64_t kDay = 86400;
  if (std::exchange(day_, now / kDay) != day_) {
    said_.clear();
    overflowed_ = false;
  }
  const std::pair key(place.account, place.mailbox);
  if (const auto it = said_.find(key); it != said_.end()) return &it->second;
  if (said_.size() < kMostMailboxes) return &said_[key];
  if (!std::exchange(overflowed_, true))
    log::error("more than {} mailboxes are damaged; the others are not logged until tomorrow",
               kMostMailboxes);
  return nullptr;
}

NumberSet DamageLog::note_messages(const Place& place, const NumberSet& uids, const Error& why,
                                   std::int64_t now) {
  NumberSet fresh;
  {
    const MutexLock lock(mutex_);
    Said* const said = said_of(place, now);
    if (said == nullptr || said->uids.ranges().size() >= kMostRanges) return fresh;
    fresh = uids.subtract(said->uids);
    said->uids = said->uids.unite(fresh);
  }
  if (!fresh.empty())
    log::error("{}: {} cannot be read ({} in total): {} ({})", describe(place),
               describe_uids(fresh), fresh.count(), why.text, why.cause);
  return fresh;
}

bool DamageLog::note_mailbox(const Place& place, std::string_view what, const Error& why,
                             std::int64_t now) {
  {
    const MutexLock lock(mutex_);
    Said* const said = said_of(place, now);
    if (said == nullptr || std::exchange(said->mailbox, true)) return false;
  }
  log::error("{}: {}: {} ({})", describe(place), what, why.text, why.cause);
  return true;
}

}  // namespace posthorn::store
