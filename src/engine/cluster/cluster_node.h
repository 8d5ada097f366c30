#pragma once

#include <deque>
#include <memory>
#include <span>
#include <unordered_map>

#include "async/offload.h"
#include "engine/cluster/cluster_state.h"

namespace posthorn::engine {

/// One node of a cluster. The commits of a partition are sent one after another; each is resent,
/// or its place taken, until it is known what has become of it.
/// Thread: any.
class ClusterNode final : public Engine {
 public:
  explicit ClusterNode(std::shared_ptr<Cluster::State> state);
  ~ClusterNode() override;
  ClusterNode(const ClusterNode&) = delete;
  ClusterNode& operator=(const ClusterNode&) = delete;

  void commit(Commit commit, CommitDone done) override;
  async::Task<Result<PartitionVersion>> version(PartitionId partition) override;
  Result<PartitionVersion> try_version(const PartitionId& partition) override;
  async::Task<Result<Values>> get(PartitionId partition, std::vector<std::string> keys) override;
  Result<Values> try_get(const PartitionId& partition, std::span<const std::string> keys) override;
  async::Task<Result<ScanResult>> scan(PartitionId partition, std::string first, std::string last,
                                       std::size_t limit) override;
  Result<ScanResult> try_scan(const PartitionId& partition, std::string_view first,
                              std::string_view last, std::size_t limit) override;
  Status put_page(const PartitionId& partition, PageNumber number, std::string bytes) override;
  async::Task<void> visit_pages(PartitionId partition, std::vector<PageNumber> numbers,
                                BlobVisitor visit) override;
  Result<std::string> try_read_page(const PartitionId& partition, PageNumber number) override;
  Status drop_pages(const PartitionId& partition, std::span<const PageNumber> numbers) override;
  Result<std::vector<PageNumber>> pages(const PartitionId& partition, PageNumber after,
                                        std::size_t limit) override;
  Status hold(const PieceHold& piece, const PartitionId& holder) override;
  async::Task<void> visit_pieces(std::vector<PieceName> names, BlobVisitor visit) override;
  Result<std::string> try_read_piece(const PieceName& name) override;
  Result<std::optional<PieceInfo>> inspect(const PieceName& name) override;
  Status unhold(const PieceName& name, const PartitionId& holder, std::int64_t not_after) override;
  Result<bool> erase(const PieceName& name, std::uint64_t version) override;
  Result<std::vector<Candidate>> candidates(const std::optional<Candidate>& after,
                                            std::size_t limit) override;
  Status clear_candidate(const Candidate& candidate) override;
  void hint(const PartitionId& partition, std::vector<Edit> edits) override;
  void listen(BellListener listener) override;
  Result<std::vector<PartitionId>> partitions(const std::optional<PartitionId>& after,
                                              std::size_t limit) override;
  Result<std::vector<PieceName>> pieces(const std::optional<PieceName>& after,
                                        std::size_t limit) override;
  void close() override;
  [[nodiscard]] bool is_shared() const override { return true; }
  /// So that tests with short messages have both kinds of bodies.
  [[nodiscard]] std::size_t small_body_octets() const override { return 150; }

 private:
  using Request = Cluster::State::Request;
  using Reply = Cluster::State::Reply;
  using Guard = Cluster::State::Guard;
  using Outcome = Result<PartitionVersion>;

  /// What has been given and not answered. Outlives the node in the calls that are still to come.
  struct Job {
    std::shared_ptr<const Commit> commit;
    CommitDone done;
  };
  struct Line {
    std::deque<Job> jobs;    ///< The first is under way.
    std::deque<Job> failed;  ///< To be told that they failed.
    std::uint64_t id = 0;    ///< Of its request; other than 0 while it is under way.
    Guard expected;
    bool taking_place = false;  ///< It was given up.
    std::uint64_t attempt = 0;  ///< The number of the last message; answers to others are late.
    bool telling = false;       ///< There are failures that nobody has been told of.
  };

  void start(const PartitionId& partition) POSTHORN_REQUIRES(mutex_);
  void send(const PartitionId& partition, Line& line) POSTHORN_REQUIRES(mutex_);
  void answered(const PartitionId& partition, std::uint64_t attempt, const Reply& reply);
  void waited(const PartitionId& partition, std::uint64_t attempt);
  /// What has become of the first commit; none if it is under way again.
  std::optional<Outcome> judge(const PartitionId& partition, Line& line, const Reply& reply)
      POSTHORN_REQUIRES(mutex_);
  /// Releases the mutex to tell.
  void finish(const PartitionId& partition, Outcome outcome) POSTHORN_REQUIRES(mutex_);
  void count(const Outcome& outcome, bool given_up);
  Status check_open() const;
  /// As if the request went to another machine and back.
  async::Task<Status> travel();
  Status travel_and_block() const;
  [[nodiscard]] bool is_in_memory() const { return state_->draw(500); }

  const std::shared_ptr<Cluster::State> state_;
  const std::shared_ptr<Cluster::State::Ear> ear_ = std::make_shared<Cluster::State::Ear>();
  mutable Mutex mutex_;
  ConditionVariable idle_;
  std::unordered_map<PartitionId, Line> lines_ POSTHORN_GUARDED_BY(mutex_);
  std::size_t unanswered_ POSTHORN_GUARDED_BY(mutex_) = 0;
  /// Calls of the timeline that refer to this node and have not run yet.
  std::size_t calls_ POSTHORN_GUARDED_BY(mutex_) = 0;
  bool closed_ POSTHORN_GUARDED_BY(mutex_) = false;
  /// Where reads that are awaited on a loop wait. Last: its threads end first.
  async::OffloadPool pool_{3, 1000};
};

}  // namespace posthorn::engine
