#include "engine/rados/recent_pages.h"

namespace posthorn::engine::rados {
namespace {

constexpr std::size_t kMostBytes = 8UL << 20;
constexpr std::size_t kMostPages = 10'000;

}  // namespace

void RecentPages::put(const PartitionId& partition, PageNumber number, std::string bytes) {
  const MutexLock lock(mutex_);
  const Key key(partition, number);
  const auto [page, fresh] = pages_.try_emplace(key);
  if (fresh) order_.push_back(key);
  bytes_ += bytes.size() - page->second.size();
  page->second = std::move(bytes);
  while (bytes_ > kMostBytes || order_.size() > kMostPages) {
    const auto oldest = pages_.find(order_.front());
    order_.pop_front();
    if (oldest == pages_.end()) continue;
    bytes_ -= oldest->second.size();
    pages_.erase(oldest);
  }
}

void RecentPages::remove(const PartitionId& partition, PageNumber number) {
  const MutexLock lock(mutex_);
  const auto page = pages_.find({partition, number});
  if (page == pages_.end()) return;
  bytes_ -= page->second.size();
  pages_.erase(page);
}

std::optional<std::string> RecentPages::get(const PartitionId& partition, PageNumber number) const {
  const MutexLock lock(mutex_);
  const auto page = pages_.find({partition, number});
  if (page == pages_.end()) return std::nullopt;
  return page->second;
}

}  // namespace posthorn::engine::rados
