#include "engine/rocksdb/rocksdb_engine.h"

#include <atomic>

#include "async/begun.h"
#include "async/loop.h"
#include "async/offload.h"
#include "engine/limits.h"
#include "engine/rocksdb/committer.h"
#include "engine/rocksdb/disk/snapshot.h"
#include "engine/rocksdb/disk/verify_files.h"
#include "engine/rocksdb/layout.h"
#include "engine/rocksdb/open_on.h"
#include "engine/rocksdb/reads.h"
#include "engine/rocksdb/status.h"
#include "engine/rocksdb/storage.h"
#include "engine/snapshots.h"

namespace posthorn::engine {
namespace rocks {
namespace {

using IteratorPtr = std::unique_ptr<::rocksdb::Iterator>;

/// If the store disappeared while it was open, reopening must not create a new one.
RocksDbOptions for_reopening(RocksDbOptions options) {
  options.if_absent = IfAbsent::refuse;
  return options;
}

class RocksDbEngine final : public Engine, public Snapshots {
 public:
  RocksDbEngine(const RocksDbOptions& options, ::rocksdb::Env* env, std::shared_ptr<Alarm> alarm,
                std::unique_ptr<Database> database)
      : pool_(options.pool),
        folder_(options.path),
        unsynced_limit_(options.unsynced_limit),
        epoch_(database->epoch()),
        storage_(for_reopening(options), env, std::move(alarm), std::move(database)),
        committer_(storage_, options) {}
  ~RocksDbEngine() override { shut(); }
  RocksDbEngine(const RocksDbEngine&) = delete;
  RocksDbEngine& operator=(const RocksDbEngine&) = delete;

  void commit(Commit commit, CommitDone done) override {
    committer_.commit(std::move(commit), std::move(done));
  }
  void expect_commit(int more) override { committer_.expect_commit(more); }
  async::Task<Result<PartitionVersion>> version(PartitionId partition) override;
  Result<PartitionVersion> try_version(const PartitionId& partition) override {
    return read_version(storage_, partition, Tier::cached_only);
  }
  async::Task<Result<Values>> get(PartitionId partition, std::vector<std::string> keys) override;
  Result<Values> try_get(const PartitionId& partition, std::span<const std::string> keys) override {
    return read_rows(storage_, partition, keys, Tier::cached_only);
  }
  async::Task<Result<ScanResult>> scan(PartitionId partition, std::string first, std::string last,
                                       std::size_t limit) override;
  Result<ScanResult> try_scan(const PartitionId& partition, std::string_view first,
                              std::string_view last, std::size_t limit) override {
    return read_range(storage_, partition, first, last, limit, Tier::cached_only);
  }
  Status put_page(const PartitionId& partition, PageNumber number, std::string bytes) override;
  async::Task<void> visit_pages(PartitionId partition, std::vector<PageNumber> numbers,
                                BlobVisitor visit) override;
  Result<std::string> try_read_page(const PartitionId& partition, PageNumber number) override {
    return rocks::read_page(storage_, partition, number, Tier::cached_only);
  }
  Status drop_pages(const PartitionId& partition, std::span<const PageNumber> numbers) override;
  Result<std::vector<PageNumber>> pages(const PartitionId& partition, PageNumber after,
                                        std::size_t limit) override;
  Status hold(const PieceHold& piece, const PartitionId& holder) override {
    return committer_.hold(piece, holder);
  }
  async::Task<void> visit_pieces(std::vector<PieceName> names, BlobVisitor visit) override;
  Result<std::string> try_read_piece(const PieceName& name) override {
    return rocks::read_piece(storage_, name, Tier::cached_only);
  }
  Result<std::optional<PieceInfo>> inspect(const PieceName& name) override;
  Status unhold(const PieceName& name, const PartitionId& holder, std::int64_t not_after) override {
    return committer_.unhold(name, holder, not_after);
  }
  Result<bool> erase(const PieceName& name, std::uint64_t version) override {
    return committer_.erase(name, version);
  }
  Result<std::vector<Candidate>> candidates(const std::optional<Candidate>& after,
                                            std::size_t limit) override;
  Status clear_candidate(const Candidate& candidate) override {
    return committer_.clear_candidate(candidate);
  }
  void hint(const PartitionId& partition, std::vector<Edit> edits) override {
    committer_.hint(partition, std::move(edits));
  }
  void listen(BellListener listener) override { committer_.listen(std::move(listener)); }
  Result<std::vector<PartitionId>> partitions(const std::optional<PartitionId>& after,
                                              std::size_t limit) override;
  Result<std::vector<PieceName>> pieces(const std::optional<PieceName>& after,
                                        std::size_t limit) override;
  Result<std::vector<FileDamage>> verify_files() override {
    auto use = storage_.use();
    if (!use) return pass(use);
    return rocks::verify_files(**use);
  }
  Status snapshot(const std::string& path) override {
    auto use = storage_.use();
    if (!use) return pass(use);
    return take_snapshot(**use, folder_, path);
  }
  [[nodiscard]] std::uint64_t epoch() const override { return epoch_; }
  void close() override { shut(); }

 private:
  void shut() {
    committer_.stop();
    storage_.close();
  }
  Status write_unsynced(Database& database, ::rocksdb::WriteBatch& batch);

  /// True if the calling thread must not wait for the disk.
  [[nodiscard]] bool must_leave() const {
    return pool_ != nullptr && async::Loop::current() != nullptr;
  }
  template <class VisitOne>
  async::Task<void> visit_blobs(std::size_t count, VisitOne visit);

  async::OffloadPool* const pool_;
  const std::string folder_;
  const std::size_t unsynced_limit_;
  const std::uint64_t epoch_;
  std::atomic<std::size_t> unsynced_ = 0;
  Storage storage_;
  Committer committer_;
};

/// Reads many blobs on several threads, since each read may wait for the disk.
template <class VisitOne>
async::Task<void> RocksDbEngine::visit_blobs(std::size_t count, VisitOne visit) {
  // A change of threads costs as much as reading a few blobs that are in memory.
  constexpr std::size_t kAtLeast = 4;
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) visit(i, Tier::may_block);
  };
  if (count == 0 || !must_leave()) {
    work();
    co_return;
  }
  if (count == 1 && visit(0, Tier::cached_only)) co_return;
  // Half of the pool is left to others.
  const std::size_t threads =
      std::clamp<std::size_t>(count / kAtLeast, 1, std::max<std::size_t>(1, pool_->threads() / 2));
  std::vector<async::Begun> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(*pool_, work);
  co_await async::offload(*pool_, work);
  for (async::Begun& other : others) co_await other;
}

async::Task<Result<PartitionVersion>> RocksDbEngine::version(PartitionId partition) {
  if (!must_leave()) co_return read_version(storage_, partition, Tier::may_block);
  if (auto known = try_version(partition)) co_return known;
  co_return co_await async::offload(
      *pool_, [&] { return read_version(storage_, partition, Tier::may_block); });
}

async::Task<Result<Values>> RocksDbEngine::get(PartitionId partition,
                                               std::vector<std::string> keys) {
  if (!must_leave()) co_return read_rows(storage_, partition, keys, Tier::may_block);
  // Recent data is in memory, where a read is cheaper than a change of threads. Only a read that
  // may block may say that data cannot be read. More keys than this would take too long here.
  constexpr std::size_t kFew = 4;
  if (keys.size() <= kFew)
    if (auto known = try_get(partition, keys)) co_return known;
  co_return co_await async::offload(
      *pool_, [&] { return read_rows(storage_, partition, keys, Tier::may_block); });
}

async::Task<Result<ScanResult>> RocksDbEngine::scan(PartitionId partition, std::string first,
                                                    std::string last, std::size_t limit) {
  if (!must_leave()) co_return read_range(storage_, partition, first, last, limit, Tier::may_block);
  co_return co_await async::offload(
      *pool_, [&] { return read_range(storage_, partition, first, last, limit, Tier::may_block); });
}

async::Task<void> RocksDbEngine::visit_pages(PartitionId partition, std::vector<PageNumber> numbers,
                                             BlobVisitor visit) {
  co_await visit_blobs(numbers.size(), [&](std::size_t i, Tier tier) {
    return rocks::visit_page(storage_, partition, numbers[i], tier, i, visit);
  });
}

async::Task<void> RocksDbEngine::visit_pieces(std::vector<PieceName> names, BlobVisitor visit) {
  co_await visit_blobs(names.size(), [&](std::size_t i, Tier tier) {
    return rocks::visit_piece(storage_, names[i], tier, i, visit);
  });
}

Status RocksDbEngine::write_unsynced(Database& database, ::rocksdb::WriteBatch& batch) {
  ::rocksdb::Status written = database.write({}, batch);
  const std::size_t bytes = batch.GetDataSize();
  if (written.ok() && unsynced_.fetch_add(bytes) + bytes > unsynced_limit_) {
    unsynced_ = 0;
    written = database.sync();  // Callers that write this much ahead wait for the disk.
  }
  if (written.ok()) return {};
  storage_.alarm().raise(Alarm::Kind::stopped);
  return fail(written);
}

Status RocksDbEngine::put_page(const PartitionId& partition, PageNumber number, std::string bytes) {
  if (Status ok = check_blob(bytes.size()); !ok) return ok;
  if (Status room = storage_.check_room(); !room) return room;
  auto use = storage_.use();
  if (!use) return pass(use);
  ::rocksdb::WriteBatch batch;
  batch.Put((*use)->pages(), page_key(partition, number), bytes);
  return write_unsynced(**use, batch);
}

Status RocksDbEngine::drop_pages(const PartitionId& partition,
                                 std::span<const PageNumber> numbers) {
  auto use = storage_.use();
  if (!use) return pass(use);
  ::rocksdb::WriteBatch batch;
  for (const PageNumber number : numbers)
    batch.Delete((*use)->pages(), page_key(partition, number));
  return write_unsynced(**use, batch);
}

Result<std::vector<PageNumber>> RocksDbEngine::pages(const PartitionId& partition, PageNumber after,
                                                     std::size_t limit) {
  auto use = storage_.use();
  if (!use) return pass(use);
  std::vector<PageNumber> numbers;
  if (after.value == std::numeric_limits<std::uint64_t>::max()) return numbers;
  const std::string end = after_id(partition);
  const ::rocksdb::Slice bound = end;
  ::rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  if (!end.empty()) options.iterate_upper_bound = &bound;
  const IteratorPtr it((*use)->db().NewIterator(options, (*use)->pages()));
  it->Seek(page_key(partition, PageNumber{after.value + 1}));
  for (; it->Valid() && numbers.size() < limit; it->Next()) {
    const auto number = page_number_in(view(it->key()));
    if (!number) return posthorn::fail(ErrorKind::corrupt, "a page's key is damaged");
    numbers.push_back(*number);
  }
  if (!it->status().ok()) return fail(it->status());
  return numbers;
}

Result<std::optional<PieceInfo>> RocksDbEngine::inspect(const PieceName& name) {
  auto use = storage_.use();
  if (!use) return pass(use);
  ::rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  const IteratorPtr it((*use)->db().NewIterator(options, (*use)->holders()));
  it->Seek(slice(name.view()));
  if (!it->status().ok()) return fail(it->status());
  if (!it->Valid() || view(it->key()) != name.view()) return std::nullopt;
  const auto state = parse_piece_state(view(it->value()));
  if (!state) return posthorn::fail(ErrorKind::corrupt, "a piece's state is damaged");
  PieceInfo info{name, state->version, state->size, {}};
  for (it->Next(); it->Valid() && view(it->key()).starts_with(name.view()); it->Next()) {
    const auto holder = id_in<PartitionId>(view(it->key()).substr(kIdBytes));
    const auto stamp = parse_stamp(view(it->value()));
    if (!holder || !stamp) return posthorn::fail(ErrorKind::corrupt, "a holder row is damaged");
    info.holders.push_back({*holder, *stamp});
  }
  if (!it->status().ok()) return fail(it->status());
  return info;
}

Result<std::vector<Candidate>> RocksDbEngine::candidates(const std::optional<Candidate>& after,
                                                         std::size_t limit) {
  auto use = storage_.use();
  if (!use) return pass(use);
  const ::rocksdb::Slice bound = slice(kAfterCandidates);
  ::rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound;
  const IteratorPtr it((*use)->db().NewIterator(options));
  std::vector<Candidate> found;
  // The least key above the given one.
  it->Seek(after ? candidate_key(after->holder, after->piece) + '\0'
                 : std::string(kFirstCandidate));
  for (; it->Valid() && found.size() < limit; it->Next()) {
    const auto candidate = parse_candidate(view(it->key()), view(it->value()));
    if (!candidate) return posthorn::fail(ErrorKind::corrupt, "a candidate row is damaged");
    found.push_back(*candidate);
  }
  if (!it->status().ok()) return fail(it->status());
  return found;
}

/// Returns the ids with a record of their own in `family`. That record is the first of the id's
/// keys: the id followed by `own`. One seek per id.
template <class Id>
Result<std::vector<Id>> ids_after(Database& database, ::rocksdb::ColumnFamilyHandle* family,
                                  const std::optional<Id>& after, std::size_t limit,
                                  std::string_view own) {
  ::rocksdb::ReadOptions options;
  options.total_order_seek = true;
  const IteratorPtr it(database.db().NewIterator(options, family));
  std::vector<Id> ids;
  std::string next = after ? after_id(*after) : std::string();
  if (after && next.empty()) return ids;
  for (it->Seek(next); it->Valid() && ids.size() < limit; it->Seek(next)) {
    const auto id = id_in<Id>(view(it->key()));
    if (!id) return posthorn::fail(ErrorKind::corrupt, "a stored key is damaged");
    if (view(it->key()).substr(kIdBytes) == own) ids.push_back(*id);
    next = after_id(*id);
    // The data after the last requested id may be damaged, so it is not read.
    if (next.empty() || ids.size() == limit) break;
  }
  if (!it->status().ok()) return fail(it->status());
  return ids;
}

Result<std::vector<PartitionId>> RocksDbEngine::partitions(const std::optional<PartitionId>& after,
                                                           std::size_t limit) {
  auto use = storage_.use();
  if (!use) return pass(use);
  return ids_after<PartitionId>(**use, (*use)->rows(), after, limit, kVersionSuffix);
}

Result<std::vector<PieceName>> RocksDbEngine::pieces(const std::optional<PieceName>& after,
                                                     std::size_t limit) {
  auto use = storage_.use();
  if (!use) return pass(use);
  return ids_after<PieceName>(**use, (*use)->holders(), after, limit, {});
}

}  // namespace
}  // namespace rocks

Result<std::unique_ptr<Engine>> open_rocksdb_on(const RocksDbOptions& options,
                                                ::rocksdb::Env* env) {
  auto alarm = std::make_shared<rocks::Alarm>();
  auto database = rocks::Database::open(options, env, alarm);
  if (!database) return pass(database);
  RocksDbOptions again = options;
  again.accept_loss = false;  // A later loss has not been accepted.
  return std::make_unique<rocks::RocksDbEngine>(again, env, std::move(alarm), std::move(*database));
}

Result<std::unique_ptr<Engine>> open_rocksdb(const RocksDbOptions& options) {
  return open_rocksdb_on(options, nullptr);
}

}  // namespace posthorn::engine
