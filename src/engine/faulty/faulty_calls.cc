#include "async/wait.h"
#include "engine/faulty/faulty_engine.h"
#include "engine/limits.h"

/// The calls other than commit and the awaitable reads. Each passes its point and its faults, and
/// then uses the wrapped engine, with unsynced data layered over it.
namespace posthorn::engine {

Status FaultyEngine::put_page(const PartitionId& partition, PageNumber number, std::string bytes) {
  if (Status ok = before_write("put_page"); !ok) return ok;
  if (Status ok = check_blob(bytes.size()); !ok) return ok;
  if (auto open = async::wait(inner_->version(partition)); !open) return pass(open);
  {
    const MutexLock lock(mutex_);
    unsynced_[partition].pages.insert_or_assign(number, std::move(bytes));
  }
  passing("put_page.done");
  return {};
}

Status FaultyEngine::drop_pages(const PartitionId& partition, std::span<const PageNumber> numbers) {
  if (Status ok = before_write("drop_pages"); !ok) return ok;
  {
    const MutexLock lock(mutex_);
    if (const auto it = unsynced_.find(partition); it != unsynced_.end())
      for (const PageNumber number : numbers) it->second.pages.erase(number);
  }
  return inner_->drop_pages(partition, numbers);
}

Result<std::vector<PageNumber>> FaultyEngine::pages(const PartitionId& partition, PageNumber after,
                                                    std::size_t limit) {
  if (Status ok = before_blocking_read(); !ok) return pass(ok);
  auto numbers = inner_->pages(partition, after, limit);
  if (!numbers) return numbers;
  const MutexLock lock(mutex_);
  if (const auto it = unsynced_.find(partition); it != unsynced_.end()) {
    for (const auto& [number, bytes] : it->second.pages)
      if (number > after) numbers->push_back(number);
    std::ranges::sort(*numbers);
    numbers->erase(std::ranges::unique(*numbers).begin(), numbers->end());
    if (numbers->size() > limit) numbers->resize(limit);
  }
  return numbers;
}

const std::string* FaultyEngine::unsynced_bytes(const PieceName& name) const {
  for (const auto& [partition, unsynced] : unsynced_)
    for (const PieceHold& hold : unsynced.holds)
      if (hold.name == name) return &hold.bytes;
  return nullptr;
}

Status FaultyEngine::hold(const PieceHold& piece, const PartitionId& holder) {
  if (Status ok = before_write("hold"); !ok) return ok;
  if (Status ok = check_blob(piece.bytes.size()); !ok) return ok;
  if (auto open = async::wait(inner_->version(holder)); !open) return pass(open);
  {
    const MutexLock lock(mutex_);
    PieceHold kept = piece;
    if (kept.bytes.empty())
      if (auto stored = async::wait(inner_->read_piece(piece.name)); stored)
        kept.bytes = std::move(*stored);
    // The first writer's bytes, kept for each holder: what a crash takes from another holder must
    // remain for this one.
    if (const std::string* first = unsynced_bytes(piece.name)) kept.bytes = *first;
    if (Status ok = check_writable(kept); !ok) return ok;
    unsynced_[holder].holds.push_back(std::move(kept));
  }
  passing("hold.done");
  return {};
}

Result<std::optional<PieceInfo>> FaultyEngine::inspect(const PieceName& name) {
  passing("inspect");
  if (Status ok = before_blocking_read(); !ok) return pass(ok);
  settle_holds();  // A sweeper sees them: they are written, and perhaps synced by another commit.
  auto found = inner_->inspect(name);
  passing("inspect.done");
  return found;
}

Status FaultyEngine::unhold(const PieceName& name, const PartitionId& holder,
                            std::int64_t not_after) {
  if (Status ok = before_write("unhold"); !ok) return ok;
  settle_holds();
  Status outcome = inner_->unhold(name, holder, not_after);
  passing("unhold.done");
  return outcome;
}

Result<bool> FaultyEngine::erase(const PieceName& name, std::uint64_t version) {
  if (Status ok = before_write("erase"); !ok) return pass(ok);
  settle_holds();
  auto erased = inner_->erase(name, version);
  passing("erase.done");
  return erased;
}

Result<std::vector<Candidate>> FaultyEngine::candidates(const std::optional<Candidate>& after,
                                                        std::size_t limit) {
  passing("candidates");
  if (Status ok = before_blocking_read(); !ok) return pass(ok);
  settle_holds();
  auto found = inner_->candidates(after, limit);
  passing("candidates.done");
  return found;
}

Status FaultyEngine::clear_candidate(const Candidate& candidate) {
  if (Status ok = before_write("clear_candidate"); !ok) return ok;
  settle_holds();
  Status outcome = inner_->clear_candidate(candidate);
  passing("clear_candidate.done");
  return outcome;
}

void FaultyEngine::hint(const PartitionId& partition, std::vector<Edit> edits) {
  if (!check_limits(edits)) return;
  const MutexLock lock(mutex_);
  if (crashed_) return;
  std::ranges::move(edits, std::back_inserter(unsynced_[partition].hints));
}

Result<std::vector<PieceName>> FaultyEngine::pieces(const std::optional<PieceName>& after,
                                                    std::size_t limit) {
  if (Status ok = before_blocking_read(); !ok) return pass(ok);
  settle_holds();
  return inner_->pieces(after, limit);
}

}  // namespace posthorn::engine
