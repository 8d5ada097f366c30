#include "service/forwarding/hourly.h"

namespace posthorn::service {

using store::SendingUsage;

std::uint32_t HourlyCounts::used(const std::string& name, std::int64_t now) const {
  const MutexLock lock(mutex_);
  const auto found = windows_.find(name);
  return found == windows_.end() ? 0 : found->second.used(SendingUsage::kHour, now).recipients;
}

void HourlyCounts::add(const std::string& name, std::uint32_t recipients, std::int64_t now) {
  const MutexLock lock(mutex_);
  if (windows_.size() >= kMaxNames && !windows_.contains(name)) make_room(now);
  windows_[name].add(SendingUsage::kHour, now, {1, recipients});
}

void HourlyCounts::make_room(std::int64_t now) {
  std::erase_if(windows_, [now](const auto& one) {
    return one.second.used(SendingUsage::kHour, now) == store::SentCount{};
  });
  if (windows_.size() >= kMaxNames) windows_.clear();
}

}  // namespace posthorn::service
