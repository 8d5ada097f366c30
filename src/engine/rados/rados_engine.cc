#include "engine/rados/rados_engine.h"

#include <algorithm>
#include <atomic>

#include "async/loop.h"
#include "async/wait.h"
#include "engine/limits.h"
#include "engine/rados/bells.h"
#include "engine/rados/ceph/connection.h"
#include "engine/rados/claim.h"
#include "engine/rados/commit/committer.h"
#include "engine/rados/listing.h"
#include "engine/rados/pages.h"
#include "engine/rados/pieces.h"
#include "engine/rados/range.h"
#include "engine/rados/reads.h"
#include "engine/rados/recent_pages.h"
#include "engine/rados/together.h"

namespace posthorn::engine {
namespace rados {
namespace {

/// Awaits a task that goes on on threads of librados. The caller goes on on its loop or, if it has
/// none, on its own thread, which is blocked meanwhile.
template <class T>
async::Task<T> come_back(async::Task<T> task) {
  if (async::Loop::current() != nullptr) co_return co_await std::move(task);
  co_return async::wait(std::move(task));
}

std::int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::unexpected<Error> not_in_memory() {
  return posthorn::fail(ErrorKind::would_block, "it is in the Ceph cluster");
}

class RadosEngine final : public Engine {
 public:
  RadosEngine(std::unique_ptr<Connection> connection, EngineMeter* meter)
      : connection_(std::move(connection)),
        partitions_(*connection_, Pool::rows, &partition_of_object),
        pieces_(*connection_, Pool::blobs, &piece_of_object),
        bells_(*connection_, [this](const Bell& bell) { hear(bell); }),
        committer_(*connection_, meter,
                   [this](const PartitionId& partition, const PartitionVersion& version) {
                     hear({partition, version, false});
                     bells_.ring(partition, version);
                   }) {}
  ~RadosEngine() override { shut(); }
  RadosEngine(const RadosEngine&) = delete;
  RadosEngine& operator=(const RadosEngine&) = delete;

  Status start() { return bells_.start(); }

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
  void close() override { shut(); }
  [[nodiscard]] bool is_shared() const override { return true; }
  /// A commit is one round trip, a piece two more. More than this would make the pages of packed
  /// bodies, with 256 each, large.
  [[nodiscard]] std::size_t small_body_octets() const override { return 16UL << 10; }

 private:
  void shut();
  void hear(const Bell& bell);
  Status check_open() const {
    if (closed_) return posthorn::fail(ErrorKind::unavailable, "the engine is closed");
    return {};
  }
  async::Task<Result<PartitionVersion>> read_version(PartitionId partition);
  async::Task<Result<ScanResult>> read_scan(PartitionId partition, std::string first,
                                            std::string last, std::size_t limit);
  static async::Task<void> give(async::Task<Result<std::string>> read, std::size_t i,
                                const BlobVisitor& visit);
  /// Gives `visit` what `read(i)`, a task, returns for each place.
  template <class Read>
  async::Task<void> visit_blobs(std::size_t count, const BlobVisitor& visit, Read read);
  async::Task<Status> write_hold(PieceHold piece, PartitionId holder);
  /// Of these partitions, those with a commit.
  async::Task<Result<std::vector<PartitionId>>> committed(std::vector<PartitionId> ids);

  const std::unique_ptr<Connection> connection_;
  std::atomic<bool> closed_ = false;
  Mutex listener_mutex_;
  BellListener listener_ POSTHORN_GUARDED_BY(listener_mutex_);
  RecentPages recent_;
  Listing<PartitionId> partitions_;
  Listing<PieceName> pieces_;
  Bells bells_;
  Committer committer_;
};

void RadosEngine::hear(const Bell& bell) {
  const MutexLock lock(listener_mutex_);
  if (listener_) listener_(bell);
}

void RadosEngine::listen(BellListener listener) {
  const MutexLock lock(listener_mutex_);
  listener_ = std::move(listener);
}

void RadosEngine::shut() {
  // If the cluster does not answer, the commits that are under way are given up after this time.
  constexpr std::chrono::seconds kLongest{30};
  const async::OffLoop off;
  closed_ = true;
  connection_->hurry(kLongest);
  committer_.stop();
  bells_.stop();
}

void RadosEngine::commit(Commit commit, CommitDone done) {
  const PartitionId partition = commit.partition;
  if (!commit.carry.pages.empty() || !commit.carry.dropped_pages.empty()) {
    done = [this, partition, written = commit.carry.pages, dropped = commit.carry.dropped_pages,
            done = std::move(done)](Result<PartitionVersion> outcome) mutable {
      if (outcome) {
        for (PageWrite& page : written) recent_.put(partition, page.number, std::move(page.bytes));
        for (const PageNumber number : dropped) recent_.remove(partition, number);
      }
      done(std::move(outcome));
    };
  }
  committer_.commit(std::move(commit), std::move(done));
}

async::Task<Result<PartitionVersion>> RadosEngine::read_version(PartitionId partition) {
  auto header = co_await read_header(*connection_, partition);
  if (!header) co_return pass(header);
  committer_.learn(partition, *header);
  co_return header->version;
}

async::Task<Result<PartitionVersion>> RadosEngine::version(PartitionId partition) {
  if (Status open = check_open(); !open) co_return pass(open);
  co_return co_await come_back(read_version(partition));
}

async::Task<Result<Values>> RadosEngine::get(PartitionId partition, std::vector<std::string> keys) {
  if (Status open = check_open(); !open) co_return pass(open);
  co_return co_await come_back(read_rows(*connection_, partition, std::move(keys)));
}

async::Task<Result<ScanResult>> RadosEngine::read_scan(PartitionId partition, std::string first,
                                                       std::string last, std::size_t limit) {
  auto read =
      co_await read_range(*connection_, partition, std::move(first), std::move(last), limit);
  if (!read) co_return pass(read);
  committer_.learn(partition, read->header);
  co_return std::move(read->rows);
}

async::Task<Result<ScanResult>> RadosEngine::scan(PartitionId partition, std::string first,
                                                  std::string last, std::size_t limit) {
  if (Status open = check_open(); !open) co_return pass(open);
  co_return co_await come_back(read_scan(partition, std::move(first), std::move(last), limit));
}

// Rows in memory could be older than what other nodes have committed, so there are none.

Result<PartitionVersion> RadosEngine::try_version(const PartitionId& /*partition*/) {
  if (Status open = check_open(); !open) return pass(open);
  return not_in_memory();
}

Result<Values> RadosEngine::try_get(const PartitionId& /*partition*/,
                                    std::span<const std::string> /*keys*/) {
  if (Status open = check_open(); !open) return pass(open);
  return not_in_memory();
}

Result<ScanResult> RadosEngine::try_scan(const PartitionId& /*partition*/,
                                         std::string_view /*first*/, std::string_view /*last*/,
                                         std::size_t /*limit*/) {
  if (Status open = check_open(); !open) return pass(open);
  return not_in_memory();
}

Status RadosEngine::put_page(const PartitionId& partition, PageNumber number, std::string bytes) {
  if (Status ok = check_blob(bytes.size()); !ok) return ok;
  if (Status open = check_open(); !open) return open;
  const PageWrite page{number, std::move(bytes)};
  Status written =
      async::wait(write_pages(*connection_, partition, std::span(&page, 1), Room::ask));
  if (written) recent_.put(partition, number, page.bytes);
  return written;
}

async::Task<void> RadosEngine::give(async::Task<Result<std::string>> read, std::size_t i,
                                    const BlobVisitor& visit) {
  const Result<std::string> bytes = co_await std::move(read);
  if (bytes) {
    visit(i, std::string_view(*bytes));
  } else {
    visit(i, std::unexpected(bytes.error()));
  }
}

template <class Read>
async::Task<void> RadosEngine::visit_blobs(std::size_t count, const BlobVisitor& visit, Read read) {
  Status open = check_open();
  if (!open) {
    for (std::size_t i = 0; i < count; ++i) visit(i, std::unexpected(open.error()));
    co_return;
  }
  co_await come_back(for_each_of(count, [&](std::size_t i) { return give(read(i), i, visit); }));
}

async::Task<void> RadosEngine::visit_pages(PartitionId partition, std::vector<PageNumber> numbers,
                                           BlobVisitor visit) {
  co_await visit_blobs(numbers.size(), visit, [&](std::size_t i) {
    return rados::read_page(*connection_, partition, numbers[i]);
  });
}

async::Task<void> RadosEngine::visit_pieces(std::vector<PieceName> names, BlobVisitor visit) {
  co_await visit_blobs(names.size(), visit, [&](std::size_t i) {
    return read_blob(*connection_, Pool::blobs, piece_object(names[i]), "no such piece");
  });
}

Result<std::string> RadosEngine::try_read_page(const PartitionId& partition, PageNumber number) {
  if (Status open = check_open(); !open) return pass(open);
  if (auto page = recent_.get(partition, number)) return std::move(*page);
  return not_in_memory();
}

Result<std::string> RadosEngine::try_read_piece(const PieceName& /*name*/) {
  if (Status open = check_open(); !open) return pass(open);
  return not_in_memory();
}

Status RadosEngine::drop_pages(const PartitionId& partition, std::span<const PageNumber> numbers) {
  if (Status open = check_open(); !open) return open;
  if (numbers.empty()) return {};
  for (const PageNumber number : numbers) recent_.remove(partition, number);
  return async::wait(remove_pages(*connection_, partition, {numbers.begin(), numbers.end()}));
}

Result<std::vector<PageNumber>> RadosEngine::pages(const PartitionId& partition, PageNumber after,
                                                   std::size_t limit) {
  if (Status open = check_open(); !open) return pass(open);
  return async::wait(list_pages(*connection_, partition, after, limit));
}

async::Task<Status> RadosEngine::write_hold(PieceHold piece, PartitionId holder) {
  if (piece.bytes.empty()) {
    const auto exists = co_await piece_exists(*connection_, piece.name);
    if (!exists) co_return std::unexpected(exists.error());
    if (!*exists) co_return check_writable(piece);
  }
  std::vector<async::Task<Status>> writes;
  writes.push_back(add_candidates(*connection_, CandidateKind::kept,
                                  {Candidate{holder, piece.name, piece.stamp}}, now_seconds()));
  writes.push_back(hold_piece(*connection_, piece, holder));
  co_return co_await all_of(std::move(writes));
}

Status RadosEngine::hold(const PieceHold& piece, const PartitionId& holder) {
  if (Status ok = check_blob(piece.bytes.size()); !ok) return ok;
  if (Status open = check_open(); !open) return open;
  return async::wait(write_hold(piece, holder));
}

Result<std::optional<PieceInfo>> RadosEngine::inspect(const PieceName& name) {
  if (Status open = check_open(); !open) return pass(open);
  return async::wait(inspect_piece(*connection_, name));
}

Status RadosEngine::unhold(const PieceName& name, const PartitionId& holder,
                           std::int64_t not_after) {
  if (Status open = check_open(); !open) return open;
  return async::wait(unhold_piece(*connection_, name, holder, not_after));
}

Result<bool> RadosEngine::erase(const PieceName& name, std::uint64_t version) {
  if (Status open = check_open(); !open) return pass(open);
  return async::wait(erase_piece(*connection_, name, version));
}

Result<std::vector<Candidate>> RadosEngine::candidates(const std::optional<Candidate>& after,
                                                       std::size_t limit) {
  if (Status open = check_open(); !open) return pass(open);
  return async::wait(list_candidates(*connection_, after, limit, now_seconds()));
}

Status RadosEngine::clear_candidate(const Candidate& candidate) {
  if (Status open = check_open(); !open) return open;
  return async::wait(rados::clear_candidate(*connection_, candidate));
}

void RadosEngine::hint(const PartitionId& partition, std::vector<Edit> edits) {
  committer_.hint(partition, std::move(edits));
}

async::Task<void> read_header_to(Result<Header>& header, Connection& connection, PartitionId id) {
  header = co_await read_header(connection, id);
}

async::Task<Result<std::vector<PartitionId>>> RadosEngine::committed(std::vector<PartitionId> ids) {
  std::vector<Result<Header>> headers(ids.size());
  co_await for_each_of(
      ids.size(), [&](std::size_t i) { return read_header_to(headers[i], *connection_, ids[i]); });
  std::vector<PartitionId> found;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!headers[i] && headers[i].error().kind != ErrorKind::corrupt) co_return pass(headers[i]);
    // One with a damaged header has had commits; whoever reads it is told.
    if (!headers[i] || headers[i]->version.revision > 0) found.push_back(ids[i]);
  }
  co_return found;
}

Result<std::vector<PartitionId>> RadosEngine::partitions(const std::optional<PartitionId>& after,
                                                         std::size_t limit) {
  if (Status open = check_open(); !open) return pass(open);
  std::vector<PartitionId> found;
  std::optional<PartitionId> from = after;
  while (found.size() < limit) {
    const auto some = partitions_.take(from, std::min<std::size_t>(limit - found.size(), 1000));
    if (!some) return std::unexpected(some.error());
    if (some->empty()) break;
    from = some->back();
    const auto used = async::wait(committed(*some));
    if (!used) return std::unexpected(used.error());
    found.insert(found.end(), used->begin(), used->end());
  }
  return found;
}

Result<std::vector<PieceName>> RadosEngine::pieces(const std::optional<PieceName>& after,
                                                   std::size_t limit) {
  if (Status open = check_open(); !open) return pass(open);
  return pieces_.take(after, limit);
}

}  // namespace
}  // namespace rados

Result<std::unique_ptr<Engine>> open_rados(const RadosOptions& options) {
  // A command of one shot opens its store on its only thread, which runs a loop.
  const async::OffLoop off;
  auto connection = rados::Connection::open(options);
  if (!connection) return pass(connection);
  if (Status ours = rados::claim(**connection, options); !ours) return pass(ours);
  auto engine = std::make_unique<rados::RadosEngine>(std::move(*connection), options.meter);
  if (Status started = engine->start(); !started) return pass(started);
  return engine;
}

}  // namespace posthorn::engine
