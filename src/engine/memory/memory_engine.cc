#include "engine/memory/memory_engine.h"

#include <thread>

#include "engine/limits.h"

namespace posthorn::engine {
namespace {

void apply_edits(std::map<std::string, std::string, std::less<>>& rows, std::vector<Edit>& edits) {
  for (Edit& edit : edits) {
    if (edit.value) {
      rows.insert_or_assign(std::move(edit.key), std::move(*edit.value));
    } else {
      rows.erase(edit.key);
    }
  }
}

/// Returns the keys of an ordered map above `after`, at most `limit`.
template <class Map, class Key>
std::vector<Key> keys_after(const Map& map, const std::optional<Key>& after, std::size_t limit) {
  std::vector<Key> keys;
  auto it = after ? map.upper_bound(*after) : map.begin();
  for (; it != map.end() && keys.size() < limit; ++it) keys.push_back(it->first);
  return keys;
}

}  // namespace

Status MemoryEngine::check_open() const {
  if (closed_) return fail(ErrorKind::unavailable, "the engine is closed");
  return {};
}

const MemoryEngine::Partition* MemoryEngine::find(const PartitionId& partition) const {
  const auto it = partitions_.find(partition);
  return it == partitions_.end() ? nullptr : &it->second;
}

void MemoryEngine::commit(Commit commit, CommitDone done) {
  MutexLock lock(mutex_);
  if (Status open = check_open(); !open) {
    lock.unlock();
    done(pass(open));
    return;
  }
  const PartitionId id = commit.partition;
  Partition& partition = partitions_[id];
  Result<PartitionVersion> outcome = apply(partition, commit);
  if (!outcome) ++partition.failures_untold;
  answers_.push_back({id, std::move(done), std::move(outcome)});
  answer();
}

Result<PartitionVersion> MemoryEngine::apply(Partition& partition, Commit& commit) {
  if (Status ok = check_limits(commit); !ok) return pass(ok);
  if (commit.expect.revision != partition.version.revision || partition.failures_untold > 0)
    return conflict_at(partition.version);
  if (Status ok = check_holds(commit.carry.holds); !ok) return pass(ok);
  apply_edits(partition.rows, commit.edits);
  for (PageWrite& page : commit.carry.pages)
    partition.pages.insert_or_assign(page.number, std::move(page.bytes));
  for (const PageNumber number : commit.carry.dropped_pages) partition.pages.erase(number);
  for (const PieceHold& piece : commit.carry.holds) {
    hold_locked(piece, commit.partition);
    if (piece.bytes.empty()) candidates_.erase({commit.partition, piece.name});
  }
  for (const Candidate& candidate : commit.carry.candidates)
    candidates_[{commit.partition, candidate.piece}] = candidate.stamp;
  partition.version = partition.version.after(commit.advance);
  return partition.version;
}

void MemoryEngine::answer() {
  // The caller in progress, perhaps further up this stack, will answer ours too.
  if (answering_) return;
  answering_ = true;
  while (!answers_.empty()) {
    Answer next = std::move(answers_.front());
    answers_.pop_front();
    if (!next.outcome) --partitions_[next.partition].failures_untold;
    mutex_.unlock();
    const std::optional<PartitionVersion> rung =
        next.outcome ? std::optional(*next.outcome) : std::nullopt;
    next.done(std::move(next.outcome));
    if (rung) {
      const MutexLock listening(listener_mutex_);
      if (listener_) listener_({next.partition, *rung, false});
    }
    mutex_.lock();
  }
  answering_ = false;
}

Status MemoryEngine::check_holds(std::span<const PieceHold> holds) const {
  for (std::size_t i = 0; i < holds.size(); ++i) {
    const auto same = [&](const PieceHold& earlier) { return earlier.name == holds[i].name; };
    if (pieces_.contains(holds[i].name) || std::ranges::any_of(holds.first(i), same)) continue;
    if (Status ok = check_writable(holds[i]); !ok) return ok;
  }
  return {};
}

// Everything is in memory, so no task ever suspends.

async::Task<Result<PartitionVersion>> MemoryEngine::version(PartitionId partition) {
  co_return try_version(partition);
}

async::Task<Result<Values>> MemoryEngine::get(PartitionId partition,
                                              std::vector<std::string> keys) {
  co_return try_get(partition, keys);
}

async::Task<Result<ScanResult>> MemoryEngine::scan(PartitionId partition, std::string first,
                                                   std::string last, std::size_t limit) {
  co_return try_scan(partition, first, last, limit);
}

async::Task<void> MemoryEngine::visit_pages(PartitionId partition, std::vector<PageNumber> numbers,
                                            BlobVisitor visit) {
  for (std::size_t i = 0; i < numbers.size(); ++i) visit(i, try_read_page(partition, numbers[i]));
  co_return;
}

async::Task<void> MemoryEngine::visit_pieces(std::vector<PieceName> names, BlobVisitor visit) {
  for (std::size_t i = 0; i < names.size(); ++i) visit(i, try_read_piece(names[i]));
  co_return;
}

Result<PartitionVersion> MemoryEngine::try_version(const PartitionId& partition) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return pass(open);
  const Partition* found = find(partition);
  return found ? found->version : PartitionVersion{};
}

Result<Values> MemoryEngine::try_get(const PartitionId& partition,
                                     std::span<const std::string> keys) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return pass(open);
  Values values(keys.size());
  const Partition* found = find(partition);
  for (std::size_t i = 0; found && i < keys.size(); ++i) {
    const auto row = found->rows.find(keys[i]);
    if (row != found->rows.end()) values[i] = row->second;
  }
  return values;
}

Result<ScanResult> MemoryEngine::try_scan(const PartitionId& partition, std::string_view first,
                                          std::string_view last, std::size_t limit) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return pass(open);
  ScanResult result;
  const Partition* found = find(partition);
  if (!found) return result;
  result.version = found->version;
  for (auto it = found->rows.lower_bound(first); it != found->rows.end(); ++it) {
    if (!last.empty() && it->first >= last) break;
    if (result.rows.size() == limit) {
      result.next_key = it->first;
      break;
    }
    result.rows.push_back({it->first, it->second});
  }
  return result;
}

Status MemoryEngine::put_page(const PartitionId& partition, PageNumber number, std::string bytes) {
  if (Status ok = check_blob(bytes.size()); !ok) return ok;
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return open;
  partitions_[partition].pages.insert_or_assign(number, std::move(bytes));
  return {};
}

Result<std::string> MemoryEngine::try_read_page(const PartitionId& partition, PageNumber number) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return pass(open);
  const Partition* found = find(partition);
  const auto page = found ? found->pages.find(number) : decltype(found->pages.end()){};
  if (!found || page == found->pages.end()) return fail(ErrorKind::not_found, "no such page");
  return page->second;
}

Status MemoryEngine::drop_pages(const PartitionId& partition, std::span<const PageNumber> numbers) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return open;
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return {};
  for (const PageNumber number : numbers) found->second.pages.erase(number);
  return {};
}

Result<std::vector<PageNumber>> MemoryEngine::pages(const PartitionId& partition, PageNumber after,
                                                    std::size_t limit) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return pass(open);
  const Partition* found = find(partition);
  if (!found) return std::vector<PageNumber>{};
  return keys_after(found->pages, std::optional(after), limit);
}

void MemoryEngine::hold_locked(const PieceHold& piece, const PartitionId& holder) {
  const auto [it, fresh] = pieces_.try_emplace(piece.name);
  if (fresh) it->second.bytes = piece.bytes;
  const auto [held, added] = it->second.holders.try_emplace(holder, piece.stamp);
  if (!added) held->second = std::max(held->second, piece.stamp);
  it->second.version = ++last_version_;
}

Status MemoryEngine::hold(const PieceHold& piece, const PartitionId& holder) {
  if (Status ok = check_blob(piece.bytes.size()); !ok) return ok;
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return open;
  if (Status ok = check_holds(std::span(&piece, 1)); !ok) return ok;
  hold_locked(piece, holder);
  candidates_[{holder, piece.name}] = piece.stamp;
  return {};
}

Result<std::string> MemoryEngine::try_read_piece(const PieceName& name) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return pass(open);
  const auto found = pieces_.find(name);
  if (found == pieces_.end()) return fail(ErrorKind::not_found, "no such piece");
  return found->second.bytes;
}

Result<std::optional<PieceInfo>> MemoryEngine::inspect(const PieceName& name) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return pass(open);
  const auto found = pieces_.find(name);
  if (found == pieces_.end()) return std::nullopt;
  const Piece& piece = found->second;
  PieceInfo info{name, piece.version, piece.bytes.size(), {}};
  for (const auto& [partition, stamp] : piece.holders) info.holders.push_back({partition, stamp});
  return info;
}

Status MemoryEngine::unhold(const PieceName& name, const PartitionId& holder,
                            std::int64_t not_after) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return open;
  const auto found = pieces_.find(name);
  if (found == pieces_.end()) return {};
  Piece& piece = found->second;
  const auto held = piece.holders.find(holder);
  if (held == piece.holders.end() || held->second > not_after) return {};
  piece.holders.erase(held);
  piece.version = ++last_version_;
  return {};
}

Result<bool> MemoryEngine::erase(const PieceName& name, std::uint64_t version) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return pass(open);
  const auto found = pieces_.find(name);
  if (found == pieces_.end() || found->second.version != version) return false;
  if (!found->second.holders.empty()) return false;
  pieces_.erase(found);
  return true;
}

Result<std::vector<Candidate>> MemoryEngine::candidates(const std::optional<Candidate>& after,
                                                        std::size_t limit) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return pass(open);
  std::vector<Candidate> found;
  auto it = after ? candidates_.upper_bound({after->holder, after->piece}) : candidates_.begin();
  for (; it != candidates_.end() && found.size() < limit; ++it)
    found.push_back({it->first.first, it->first.second, it->second});
  return found;
}

Status MemoryEngine::clear_candidate(const Candidate& candidate) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return open;
  const auto it = candidates_.find({candidate.holder, candidate.piece});
  if (it != candidates_.end() && it->second == candidate.stamp) candidates_.erase(it);
  return {};
}

void MemoryEngine::hint(const PartitionId& partition, std::vector<Edit> edits) {
  if (!check_limits(edits)) return;
  const MutexLock lock(mutex_);
  if (closed_) return;
  apply_edits(partitions_[partition].rows, edits);
}

void MemoryEngine::listen(BellListener listener) {
  const MutexLock lock(listener_mutex_);
  listener_ = std::move(listener);
}

Result<std::vector<PartitionId>> MemoryEngine::partitions(const std::optional<PartitionId>& after,
                                                          std::size_t limit) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return pass(open);
  std::vector<PartitionId> ids;
  auto it = after ? partitions_.upper_bound(*after) : partitions_.begin();
  for (; it != partitions_.end() && ids.size() < limit; ++it)
    if (it->second.version.revision != 0) ids.push_back(it->first);
  return ids;
}

Result<std::vector<PieceName>> MemoryEngine::pieces(const std::optional<PieceName>& after,
                                                    std::size_t limit) {
  const MutexLock lock(mutex_);
  if (Status open = check_open(); !open) return pass(open);
  return keys_after(pieces_, after, limit);
}

void MemoryEngine::close() {
  MutexLock lock(mutex_);
  closed_ = true;
  while (answering_) {
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
  }
}

}  // namespace posthorn::engine
