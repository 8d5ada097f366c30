#include "store/read/record_cache.h"

#include <utility>

namespace posthorn::store {

bool RecordRun::put(Ordinal ordinal, std::shared_ptr<const EmailRecord> record) const {
  const std::uint64_t at = ordinal.value % kSize;
  const std::uint32_t bit = 1U << at;
  const MutexLock lock(putting_);
  if ((there_.load(std::memory_order_relaxed) & bit) != 0) return false;
  records_[at] = std::move(record);
  there_.fetch_or(bit, std::memory_order_release);
  return true;
}

void RecordCache::put(const AccountId& account, Ordinal ordinal,
                      std::shared_ptr<const EmailRecord> record) {
  const std::size_t bytes = sizeof(EmailRecord) + record->keys.size() + record->structure.size() +
                            record->header.size() + record->body.size();
  if (bytes > budget_.bytes() / 4) return;
  const AccountItem key{account, RecordRun::number_of(ordinal)};
  const auto run =
      runs_.find_or_put(key, sizeof(RecordRun), [] { return std::make_shared<const RecordRun>(); });
  if (run->put(ordinal, std::move(record))) runs_.grew(key, run, bytes);
}

}  // namespace posthorn::store
