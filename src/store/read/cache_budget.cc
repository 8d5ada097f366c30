#include "store/read/cache_budget.h"

#include <algorithm>
#include <utility>

namespace posthorn::store {

CacheBudget::Share::Share(CacheBudget& budget, std::size_t part, std::function<bool()> drop_one)
    : budget_(budget), part_(static_cast<std::ptrdiff_t>(part)), drop_one_(std::move(drop_one)) {
  budget_.shares_.push_back(this);
}

void CacheBudget::Share::add(std::ptrdiff_t bytes) {
  used_.fetch_add(bytes, std::memory_order_relaxed);
  budget_.used_.fetch_add(bytes, std::memory_order_relaxed);
}

void CacheBudget::make_room() {
  while (used_.load(std::memory_order_relaxed) > bytes_) {
    const Share& most = **std::ranges::max_element(shares_, {}, &Share::excess);
    if (!most.drop_one_()) return;
  }
}

}  // namespace posthorn::store
