#include "engine/faulty/faulty_engine.h"

/// The awaitable reads and their `try_` forms.
namespace posthorn::engine {

async::Task<Result<PartitionVersion>> FaultyEngine::version(PartitionId partition) {
  co_await leave();
  if (Status ok = meet_fault(); !ok) co_return pass(ok);
  co_return co_await inner_->version(partition);
}

Result<PartitionVersion> FaultyEngine::try_version(const PartitionId& partition) {
  if (Status ok = before_try(); !ok) return pass(ok);
  return inner_->try_version(partition);
}

async::Task<Result<Values>> FaultyEngine::get(PartitionId partition,
                                              std::vector<std::string> keys) {
  co_await leave();
  if (Status ok = meet_fault(); !ok) co_return pass(ok);
  settle_hints(partition);
  if (Status ok = check_rows(partition, keys); !ok) co_return pass(ok);
  co_return co_await inner_->get(partition, std::move(keys));
}

Result<Values> FaultyEngine::try_get(const PartitionId& partition,
                                     std::span<const std::string> keys) {
  if (Status ok = before_try(); !ok) return pass(ok);
  settle_hints(partition);
  if (Status ok = check_rows(partition, keys); !ok) return pass(ok);
  return inner_->try_get(partition, keys);
}

async::Task<Result<ScanResult>> FaultyEngine::scan(PartitionId partition, std::string first,
                                                   std::string last, std::size_t limit) {
  co_await leave();
  if (Status ok = meet_fault(); !ok) co_return pass(ok);
  settle_hints(partition);
  auto scanned = co_await inner_->scan(partition, std::move(first), std::move(last), limit);
  co_return check_rows(partition, std::move(scanned));
}

Result<ScanResult> FaultyEngine::try_scan(const PartitionId& partition, std::string_view first,
                                          std::string_view last, std::size_t limit) {
  if (Status ok = before_try(); !ok) return pass(ok);
  settle_hints(partition);
  return check_rows(partition, inner_->try_scan(partition, first, last, limit));
}

std::optional<Result<std::string>> FaultyEngine::page_here(const PartitionId& partition,
                                                           PageNumber number) {
  const MutexLock lock(mutex_);
  if (const auto damaged = damaged_pages_.find({partition, number});
      damaged != damaged_pages_.end())
    return std::unexpected(damaged->second);
  if (const auto it = unsynced_.find(partition); it != unsynced_.end())
    if (const auto page = it->second.pages.find(number); page != it->second.pages.end())
      return page->second;
  return std::nullopt;
}

std::optional<Result<std::string>> FaultyEngine::piece_here(const PieceName& name) {
  const MutexLock lock(mutex_);
  if (const auto damaged = damaged_pieces_.find(name); damaged != damaged_pieces_.end())
    return std::unexpected(damaged->second);
  if (const std::string* bytes = unsynced_bytes(name)) return *bytes;
  return std::nullopt;
}

async::Task<void> FaultyEngine::visit_pages(PartitionId partition, std::vector<PageNumber> numbers,
                                            BlobVisitor visit) {
  co_await leave();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (Status ok = meet_fault(); !ok) {
      visit(i, pass(ok));
    } else if (const auto here = page_here(partition, numbers[i])) {
      visit(i, *here);
    } else {
      visit(i, co_await inner_->read_page(partition, numbers[i]));
    }
  }
}

Result<std::string> FaultyEngine::try_read_page(const PartitionId& partition, PageNumber number) {
  if (Status ok = before_try(); !ok) return pass(ok);
  if (auto here = page_here(partition, number)) return std::move(*here);
  return inner_->try_read_page(partition, number);
}

async::Task<void> FaultyEngine::visit_pieces(std::vector<PieceName> names, BlobVisitor visit) {
  co_await leave();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (Status ok = meet_fault(); !ok) {
      visit(i, pass(ok));
    } else if (const auto here = piece_here(names[i])) {
      visit(i, *here);
    } else {
      visit(i, co_await inner_->read_piece(names[i]));
    }
  }
}

Result<std::string> FaultyEngine::try_read_piece(const PieceName& name) {
  if (Status ok = before_try(); !ok) return pass(ok);
  if (auto here = piece_here(name)) return std::move(*here);
  return inner_->try_read_piece(name);
}

}  // namespace posthorn::engine
