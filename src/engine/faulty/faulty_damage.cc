#include "engine/faulty/faulty_engine.h"

/// Permanent damage: how it is set, and how reads meet it.
namespace posthorn::engine {

void FaultyEngine::damage_piece(const PieceName& name, Error error) {
  const MutexLock lock(mutex_);
  damaged_pieces_.insert_or_assign(name, std::move(error));
}

void FaultyEngine::damage_page(const PartitionId& partition, PageNumber number, Error error) {
  const MutexLock lock(mutex_);
  damaged_pages_.insert_or_assign({partition, number}, std::move(error));
}

void FaultyEngine::damage_rows(const PartitionId& partition, std::string first, std::string last,
                               Error error) {
  const MutexLock lock(mutex_);
  damaged_rows_.push_back({partition, std::move(first), std::move(last), std::move(error)});
}

void FaultyEngine::damage_partitions(const PartitionId& first, const PartitionId& last,
                                     Error error) {
  const MutexLock lock(mutex_);
  damaged_partitions_.push_back({first, last, std::move(error)});
}

void FaultyEngine::report_file(FileDamage damage) {
  const MutexLock lock(mutex_);
  damaged_files_.push_back(std::move(damage));
}

void FaultyEngine::heal() {
  const MutexLock lock(mutex_);
  damaged_pieces_.clear();
  damaged_pages_.clear();
  damaged_rows_.clear();
  damaged_partitions_.clear();
  damaged_files_.clear();
}

const Error* FaultyEngine::damage_at(const PartitionId& partition, std::string_view key) const {
  for (const DamagedRows& damaged : damaged_rows_)
    if (damaged.partition == partition && damaged.first <= key && key < damaged.last)
      return &damaged.error;
  return nullptr;
}

Result<std::vector<FileDamage>> FaultyEngine::verify_files() {
  {
    const MutexLock lock(mutex_);
    if (!damaged_files_.empty()) return damaged_files_;
  }
  return inner_->verify_files();
}

Status FaultyEngine::check_rows(const PartitionId& partition,
                                std::span<const std::string> keys) const {
  const MutexLock lock(mutex_);
  for (const std::string& key : keys)
    if (const Error* error = damage_at(partition, key)) return std::unexpected(*error);
  return {};
}

/// Behaves like an iterator, which has also read the position after the last row it returns.
Result<ScanResult> FaultyEngine::check_rows(const PartitionId& partition,
                                            Result<ScanResult> scanned) const {
  if (!scanned) return scanned;
  const MutexLock lock(mutex_);
  for (const Row& row : scanned->rows)
    if (const Error* error = damage_at(partition, row.key)) return std::unexpected(*error);
  if (scanned->next_key)
    if (const Error* error = damage_at(partition, *scanned->next_key))
      return std::unexpected(*error);
  return scanned;
}

Result<std::vector<PartitionId>> FaultyEngine::partitions(const std::optional<PartitionId>& after,
                                                          std::size_t limit) {
  if (Status ok = before_blocking_read(); !ok) return pass(ok);
  auto found = inner_->partitions(after, limit);
  if (!found) return found;
  const MutexLock lock(mutex_);
  for (const PartitionId& id : *found)
    for (const DamagedPartitions& damaged : damaged_partitions_)
      if (damaged.first <= id && id <= damaged.last) return std::unexpected(damaged.error);
  return found;
}

}  // namespace posthorn::engine
