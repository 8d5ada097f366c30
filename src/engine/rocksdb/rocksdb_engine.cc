#include "engine/rocksdb/rocksdb_engine.h"

#include <atomic>

#include "engine/limits.h"
#include "engine/rocksdb/committer.h"
#include "engine/rocksdb/disk/verify_files.h"
#include "engine/rocksdb/layout.h"
#include "engine/rocksdb/open_on.h"
#include "engine/rocksdb/status.h"
#include "engine/rocksdb/storage.h"

namespace posthorn::engine {
namespace rocks {
namespace {

using IteratorPtr = std::unique_ptr<::rocksdb::Iterator>;

/// If the store disappeared while it was open, reopening must not create a new one.
RocksDbOptions for_reopening(RocksDbOptions options) {
  options.if_absent = IfAbsent::refuse;
  return options;
}

class RocksDbEngine final : public Engine {
 public:
  RocksDbEngine(const RocksDbOptions& options, ::rocksdb::Env* env, std::shared_ptr<Alarm> alarm,
                std::unique_ptr<Database> database)
      : unsynced_limit_(options.unsynced_limit),
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
  Result<Seq> tail(const PartitionId& partition, Tier tier) override;
  Result<std::vector<std::optional<std::string>>> get(const PartitionId& partition,
                                                      std::span<const std::string> keys,
                                                      Tier tier) override;
  Result<ScanResult> scan(const PartitionId& partition, std::string_view first,
                          std::string_view last, std::size_t limit, Tier tier) override;
  Status put_page(const PartitionId& partition, PageNumber number, std::string bytes) override;
  Result<std::string> read_page(const PartitionId& partition, PageNumber number,
                                Tier tier) override;
  Status drop_pages(const PartitionId& partition, std::span<const PageNumber> numbers) override;
  Result<std::vector<PageNumber>> pages(const PartitionId& partition, PageNumber after,
                                        std::size_t limit) override;
  Status hold(const PieceHold& piece, const PartitionId& holder) override {
    return committer_.hold(piece, holder);
  }
  Result<std::string> read_piece(const PieceName& name, Tier tier) override;
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
  [[nodiscard]] std::uint64_t epoch() const override { return epoch_; }
  void close() override { shut(); }

 private:
  void shut() {
    committer_.stop();
    storage_.close();
  }
  Status write_unsynced(Database& database, ::rocksdb::WriteBatch& batch);

  const std::size_t unsynced_limit_;
  const std::uint64_t epoch_;
  std::atomic<std::size_t> unsynced_ = 0;
  Storage storage_;
  Committer committer_;
};

/// Iterates within the keys of one partition or piece, up to `end`, which must outlive the
/// iterator.
IteratorPtr iterate(Database& database, ::rocksdb::ColumnFamilyHandle* family,
                    const ::rocksdb::Slice& end, Tier tier) {
  ::rocksdb::ReadOptions options = read_options(tier);
  options.prefix_same_as_start = true;
  options.iterate_upper_bound = &end;
  // A cached read has no use for readahead, but setting a size of our own keeps RocksDB from asking
  // the kernel to read ahead of a moving iterator, which can wait for the disk.
  if (tier == Tier::cached_only) options.readahead_size = 1;
  return IteratorPtr(database.db().NewIterator(options, family));
}

Result<std::string> present(Result<std::optional<std::string>> got, const char* missing) {
  if (!got) return pass(got);
  if (!*got) return posthorn::fail(ErrorKind::not_found, missing);
  return std::move(**got);
}

Result<Seq> RocksDbEngine::tail(const PartitionId& partition, Tier tier) {
  auto use = storage_.use();
  if (!use) return pass(use);
  Database& database = **use;
  const auto stored = database.get(database.rows(), tail_key(partition), tier);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return Seq{};
  const auto seq = parse_number(**stored);
  if (!seq) return posthorn::fail(ErrorKind::corrupt, "a partition's tail is damaged");
  return Seq{*seq};
}

/// Reads each key separately. This is the only way for cached_only: with that tier, RocksDB 7.8's
/// MultiGet still reads blocks from the disk, and it returns OK with an empty value for an absent
/// key after the last one of its block if the next block is not in the cache.
Result<std::vector<std::optional<std::string>>> get_each(Database& database,
                                                         const PartitionId& partition,
                                                         std::span<const std::string> keys,
                                                         Tier tier) {
  std::vector<std::optional<std::string>> result;
  result.reserve(keys.size());
  std::string stored;
  for (const std::string& key : keys) {
    set_row_key(stored, partition, key);
    auto value = database.get(database.rows(), stored, tier);
    if (!value) return pass(value);
    result.push_back(std::move(*value));
  }
  return result;
}

/// Reads all keys with one MultiGet, which may wait for the disk.
Result<std::vector<std::optional<std::string>>> get_together(Database& database,
                                                             const PartitionId& partition,
                                                             std::span<const std::string> keys) {
  std::vector<std::string> stored(keys.size());
  std::vector<::rocksdb::Slice> slices(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    set_row_key(stored[i], partition, keys[i]);
    slices[i] = stored[i];
  }
  std::vector<::rocksdb::PinnableSlice> values(keys.size());
  std::vector<::rocksdb::Status> states(keys.size());
  database.db().MultiGet(read_options(Tier::may_block), database.rows(), keys.size(), slices.data(),
                         values.data(), states.data());
  std::vector<std::optional<std::string>> result(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (states[i].ok()) {
      result[i] = values[i].ToString();
    } else if (!states[i].IsNotFound()) {
      return fail(states[i]);
    }
  }
  return result;
}

Result<std::vector<std::optional<std::string>>> RocksDbEngine::get(
    const PartitionId& partition, std::span<const std::string> keys, Tier tier) {
  auto use = storage_.use();
  if (!use) return pass(use);
  if (tier == Tier::cached_only || keys.size() == 1) return get_each(**use, partition, keys, tier);
  return get_together(**use, partition, keys);
}

Result<ScanResult> RocksDbEngine::scan(const PartitionId& partition, std::string_view first,
                                       std::string_view last, std::size_t limit, Tier tier) {
  auto use = storage_.use();
  if (!use) return pass(use);
  Database& database = **use;
  const std::string end = last.empty() ? rows_end(partition) : row_key(partition, last);
  const ::rocksdb::Slice bound = end;
  const IteratorPtr it = iterate(database, database.rows(), bound, tier);
  ScanResult result;
  const std::string tail = tail_key(partition);
  it->Seek(tail);
  if (it->Valid() && view(it->key()) == tail) {
    const auto seq = parse_number(view(it->value()));
    if (!seq) return posthorn::fail(ErrorKind::corrupt, "a partition's tail is damaged");
    result.tail = Seq{*seq};
  }
  if (it->status().ok()) it->Seek(row_key(partition, first));
  for (; it->Valid(); it->Next()) {
    const std::string_view key = row_key_within(view(it->key()));
    if (result.rows.size() == limit) {
      result.next_key = key;
      break;
    }
    result.rows.push_back({std::string(key), it->value().ToString()});
  }
  if (!it->status().ok()) return fail(it->status());
  return result;
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

Result<std::string> RocksDbEngine::read_page(const PartitionId& partition, PageNumber number,
                                             Tier tier) {
  auto use = storage_.use();
  if (!use) return pass(use);
  return present((*use)->get((*use)->pages(), page_key(partition, number), tier), "no such page");
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

Result<std::string> RocksDbEngine::read_piece(const PieceName& name, Tier tier) {
  auto use = storage_.use();
  if (!use) return pass(use);
  return present((*use)->get((*use)->pieces(), name.view(), tier), "no such piece");
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
  return ids_after<PartitionId>(**use, (*use)->rows(), after, limit, kTailSuffix);
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
