#include "async/loop.h"
#include "engine/cluster/cluster_node.h"

/// The calls of a node other than commit: those of the common store, after some time.
namespace posthorn::engine {

Status ClusterNode::travel_and_block() const {
  if (Status open = check_open(); !open) return open;
  std::this_thread::sleep_for(state_->draw_delay());
  return {};
}

async::Task<Status> ClusterNode::travel() {
  if (async::Loop::current() == nullptr) co_return travel_and_block();
  co_return co_await async::offload(pool_, [this] { return travel_and_block(); });
}

async::Task<Result<PartitionVersion>> ClusterNode::version(PartitionId partition) {
  if (Status there = co_await travel(); !there) co_return pass(there);
  co_return state_->inner.try_version(partition);
}

async::Task<Result<Values>> ClusterNode::get(PartitionId partition, std::vector<std::string> keys) {
  if (Status there = co_await travel(); !there) co_return pass(there);
  co_return state_->inner.try_get(partition, keys);
}

async::Task<Result<ScanResult>> ClusterNode::scan(PartitionId partition, std::string first,
                                                  std::string last, std::size_t limit) {
  if (Status there = co_await travel(); !there) co_return pass(there);
  co_return state_->inner.try_scan(partition, first, last, limit);
}

async::Task<void> ClusterNode::visit_pages(PartitionId partition, std::vector<PageNumber> numbers,
                                           BlobVisitor visit) {
  const Status there = co_await travel();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (there) {
      visit(i, state_->inner.try_read_page(partition, numbers[i]));
    } else {
      visit(i, std::unexpected(there.error()));
    }
  }
}

async::Task<void> ClusterNode::visit_pieces(std::vector<PieceName> names, BlobVisitor visit) {
  const Status there = co_await travel();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (there) {
      visit(i, state_->inner.try_read_piece(names[i]));
    } else {
      visit(i, std::unexpected(there.error()));
    }
  }
}

namespace {

std::unexpected<Error> not_in_memory() {
  return fail(ErrorKind::would_block, "it is on another machine");
}

}  // namespace

// What a node has in memory is right, since rows are only had together with the newest version, and
// pages and pieces never change.

Result<PartitionVersion> ClusterNode::try_version(const PartitionId& partition) {
  if (Status open = check_open(); !open) return pass(open);
  if (!is_in_memory()) return not_in_memory();
  return state_->inner.try_version(partition);
}

Result<Values> ClusterNode::try_get(const PartitionId& partition,
                                    std::span<const std::string> keys) {
  if (Status open = check_open(); !open) return pass(open);
  if (!is_in_memory()) return not_in_memory();
  return state_->inner.try_get(partition, keys);
}

Result<ScanResult> ClusterNode::try_scan(const PartitionId& partition, std::string_view first,
                                         std::string_view last, std::size_t limit) {
  if (Status open = check_open(); !open) return pass(open);
  if (!is_in_memory()) return not_in_memory();
  return state_->inner.try_scan(partition, first, last, limit);
}

Result<std::string> ClusterNode::try_read_page(const PartitionId& partition, PageNumber number) {
  if (Status open = check_open(); !open) return pass(open);
  if (!is_in_memory()) return not_in_memory();
  return state_->inner.try_read_page(partition, number);
}

Result<std::string> ClusterNode::try_read_piece(const PieceName& name) {
  if (Status open = check_open(); !open) return pass(open);
  if (!is_in_memory()) return not_in_memory();
  return state_->inner.try_read_piece(name);
}

Status ClusterNode::put_page(const PartitionId& partition, PageNumber number, std::string bytes) {
  if (Status there = travel_and_block(); !there) return there;
  return state_->inner.put_page(partition, number, std::move(bytes));
}

Status ClusterNode::drop_pages(const PartitionId& partition, std::span<const PageNumber> numbers) {
  if (Status there = travel_and_block(); !there) return there;
  return state_->inner.drop_pages(partition, numbers);
}

Result<std::vector<PageNumber>> ClusterNode::pages(const PartitionId& partition, PageNumber after,
                                                   std::size_t limit) {
  if (Status there = travel_and_block(); !there) return pass(there);
  return state_->inner.pages(partition, after, limit);
}

Status ClusterNode::hold(const PieceHold& piece, const PartitionId& holder) {
  if (Status there = travel_and_block(); !there) return there;
  return state_->inner.hold(piece, holder);
}

Result<std::optional<PieceInfo>> ClusterNode::inspect(const PieceName& name) {
  if (Status there = travel_and_block(); !there) return pass(there);
  return state_->inner.inspect(name);
}

Status ClusterNode::unhold(const PieceName& name, const PartitionId& holder,
                           std::int64_t not_after) {
  if (Status there = travel_and_block(); !there) return there;
  return state_->inner.unhold(name, holder, not_after);
}

Result<bool> ClusterNode::erase(const PieceName& name, std::uint64_t version) {
  if (Status there = travel_and_block(); !there) return pass(there);
  return state_->inner.erase(name, version);
}

Result<std::vector<Candidate>> ClusterNode::candidates(const std::optional<Candidate>& after,
                                                       std::size_t limit) {
  if (Status there = travel_and_block(); !there) return pass(there);
  return state_->inner.candidates(after, limit);
}

Status ClusterNode::clear_candidate(const Candidate& candidate) {
  if (Status there = travel_and_block(); !there) return there;
  return state_->inner.clear_candidate(candidate);
}

void ClusterNode::hint(const PartitionId& partition, std::vector<Edit> edits) {
  if (check_open()) state_->inner.hint(partition, std::move(edits));
}

void ClusterNode::listen(BellListener listener) {
  const MutexLock lock(ear_->mutex);
  ear_->listener = std::move(listener);
}

Result<std::vector<PartitionId>> ClusterNode::partitions(const std::optional<PartitionId>& after,
                                                         std::size_t limit) {
  if (Status there = travel_and_block(); !there) return pass(there);
  return state_->inner.partitions(after, limit);
}

Result<std::vector<PieceName>> ClusterNode::pieces(const std::optional<PieceName>& after,
                                                   std::size_t limit) {
  if (Status there = travel_and_block(); !there) return pass(there);
  return state_->inner.pieces(after, limit);
}

}  // namespace posthorn::engine
