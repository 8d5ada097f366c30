#include "engine/rocksdb/reads.h"

#include <memory>

#include "engine/rocksdb/layout.h"
#include "engine/rocksdb/status.h"

namespace posthorn::engine::rocks {
namespace {

using IteratorPtr = std::unique_ptr<::rocksdb::Iterator>;

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

constexpr const char* kNoPage = "no such page";
constexpr const char* kNoPiece = "no such piece";

Result<std::string> present(Result<std::optional<std::string>> got, const char* missing) {
  if (!got) return pass(got);
  if (!*got) return posthorn::fail(ErrorKind::not_found, missing);
  return std::move(**got);
}

/// Reads a value for a visitor, which must be done with it before the database may be closed.
class PinnedRead {
 public:
  PinnedRead(Storage& storage, Tier tier, const char* missing)
      : use_(storage.use()), tier_(tier), missing_(missing) {}

  bool visit(::rocksdb::ColumnFamilyHandle* (Database::*family)() const, std::string_view key,
             std::size_t i, const BlobVisitor& visitor) {
    const Result<std::string_view> bytes = read(family, key);
    if (!bytes && tier_ == Tier::cached_only) return false;
    visitor(i, bytes);
    return true;
  }

 private:
  Result<std::string_view> read(::rocksdb::ColumnFamilyHandle* (Database::*family)() const,
                                std::string_view key) {
    if (!use_) return pass(use_);
    Database& database = **use_;
    const auto there = database.get_pinned((database.*family)(), key, tier_, value_);
    if (!there) return std::unexpected(there.error());
    if (!*there) return posthorn::fail(ErrorKind::not_found, missing_);
    return view(value_);
  }

  // In this order: the value is let go before the database is.
  decltype(std::declval<Storage&>().use()) use_;
  ::rocksdb::PinnableSlice value_;
  const Tier tier_;
  const char* const missing_;
};

/// Reads each key separately. This is the only way for cached_only: with that tier, RocksDB 7.8's
/// MultiGet still reads blocks from the disk, and it returns OK with an empty value for an absent
/// key after the last one of its block if the next block is not in the cache.
Result<Values> get_each(Database& database, const PartitionId& partition,
                        std::span<const std::string> keys, Tier tier) {
  Values result;
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
Result<Values> get_together(Database& database, const PartitionId& partition,
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
  Values result(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (states[i].ok()) {
      result[i] = values[i].ToString();
    } else if (!states[i].IsNotFound()) {
      return fail(states[i]);
    }
  }
  return result;
}

}  // namespace

Result<PartitionVersion> read_version(Storage& storage, const PartitionId& partition, Tier tier) {
  auto use = storage.use();
  if (!use) return pass(use);
  Database& database = **use;
  const auto stored = database.get(database.rows(), version_key(partition), tier);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return PartitionVersion{};
  return parse_version(**stored);
}

Result<Values> read_rows(Storage& storage, const PartitionId& partition,
                         std::span<const std::string> keys, Tier tier) {
  auto use = storage.use();
  if (!use) return pass(use);
  if (tier == Tier::cached_only || keys.size() == 1) return get_each(**use, partition, keys, tier);
  return get_together(**use, partition, keys);
}

Result<ScanResult> read_range(Storage& storage, const PartitionId& partition,
                              std::string_view first, std::string_view last, std::size_t limit,
                              Tier tier) {
  auto use = storage.use();
  if (!use) return pass(use);
  Database& database = **use;
  const std::string end = last.empty() ? rows_end(partition) : row_key(partition, last);
  const ::rocksdb::Slice bound = end;
  const IteratorPtr it = iterate(database, database.rows(), bound, tier);
  ScanResult result;
  const std::string own = version_key(partition);
  it->Seek(own);
  if (it->Valid() && view(it->key()) == own) {
    const auto version = parse_version(view(it->value()));
    if (!version) return std::unexpected(version.error());
    result.version = *version;
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

Result<std::string> read_page(Storage& storage, const PartitionId& partition, PageNumber number,
                              Tier tier) {
  auto use = storage.use();
  if (!use) return pass(use);
  return present((*use)->get((*use)->pages(), page_key(partition, number), tier), kNoPage);
}

Result<std::string> read_piece(Storage& storage, const PieceName& name, Tier tier) {
  auto use = storage.use();
  if (!use) return pass(use);
  return present((*use)->get((*use)->pieces(), name.view(), tier), kNoPiece);
}

bool visit_page(Storage& storage, const PartitionId& partition, PageNumber number, Tier tier,
                std::size_t i, const BlobVisitor& visit) {
  return PinnedRead(storage, tier, kNoPage)
      .visit(&Database::pages, page_key(partition, number), i, visit);
}

bool visit_piece(Storage& storage, const PieceName& name, Tier tier, std::size_t i,
                 const BlobVisitor& visit) {
  return PinnedRead(storage, tier, kNoPiece).visit(&Database::pieces, name.view(), i, visit);
}

}  // namespace posthorn::engine::rocks
