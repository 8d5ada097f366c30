#include "service/fetch.h"

#include <utility>

#include "async/offload.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using async::Task;

constexpr std::size_t kBatch = 256;
constexpr std::size_t kBatchWithBodies = 16;
/// The number of batches that are read while the caller works on one. There are more if bodies are
/// read, because those batches are small.
constexpr std::size_t kAhead = 1;
constexpr std::size_t kAheadWithBodies = 3;

}  // namespace

FetchReader::FetchReader(const MailboxRef& mailbox, RowReader rows, FetchNeeds needs,
                         ModSeq changed_since)
    : account_(mailbox.account),
      rows_(std::move(rows)),
      needs_(needs),
      changed_since_(changed_since) {}

// The order matters for speed: the reads of later batches begin before the oldest one is waited
// for, and go on while the caller works on what is returned.
Task<const FetchBatch*> FetchReader::next() {
  const bool bodies = needs_.bodies != FetchNeeds::Bodies::none;
  std::unique_ptr<FetchBatch> spare = std::move(current_);
  while (more_ && ahead_.size() <= (bodies ? kAheadWithBodies : kAhead)) {
    auto batch = spare ? std::move(spare) : std::make_unique<FetchBatch>(account_);
    more_ = rows_.next(batch->rows_, bodies ? kBatchWithBodies : kBatch, changed_since_);
    if (!more_) break;
    batch->reading_.spawn(read(*batch));
    ahead_.push_back(std::move(batch));
  }
  if (ahead_.empty()) co_return nullptr;
  co_await ahead_.front()->reading_.wait_empty();
  current_ = std::move(ahead_.front());
  ahead_.pop_front();
  co_return current_.get();
}

Task<void> FetchReader::finish() {
  for (const auto& batch : ahead_) co_await batch->reading_.wait_empty();
}

Task<void> FetchReader::read(FetchBatch& batch) const {
  if (needs_.columns == 0) co_return;
  std::vector<Ordinal> ordinals;
  ordinals.reserve(batch.rows_.size());
  for (const Row& row : batch.rows_) ordinals.push_back(row.member.ordinal);
  // A single body may be in memory already, and otherwise costs at most one change of threads.
  if (needs_.bodies == FetchNeeds::Bodies::none || batch.rows_.size() == 1) {
    co_await batch.emails_.load(ordinals, needs_.columns);
    co_return;
  }
  // Many bodies are seldom all in memory. One change of threads reads all of a batch.
  co_await async::off_loop(account_->store().offload(),
                           read_with_bodies(batch, std::move(ordinals)));
}

Task<void> FetchReader::read_with_bodies(FetchBatch& batch, std::vector<Ordinal> ordinals) const {
  co_await batch.emails_.load(ordinals, needs_.columns);
  co_await read_bodies(batch);
}

/// Reads bodies together. Errors are ignored here, since they are found again when the message is
/// used.
Task<void> FetchReader::read_bodies(FetchBatch& batch) const {
  batch.pieces_.clear();
  for (const Row& row : batch.rows_) {
    const auto column = batch.emails_.get(row.member.ordinal, store::Column::body);
    if (!column) continue;
    const auto body = store::BodyReader::open(account_, *column);
    // If only a part or a section is requested, little of the body may be needed.
    const bool whole = needs_.bodies == FetchNeeds::Bodies::whole;
    if (body) batch.pieces_.add(body->list(), 0, whole ? body->size() : 1);
    if (batch.pieces_.is_full()) break;
  }
  co_await batch.pieces_.read();
}

}  // namespace posthorn::service
