#include "engine/rocksdb/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>

#include <filesystem>

#include "base/bytes.h"
#include "engine/rocksdb/disk/open_check.h"
#include "engine/rocksdb/layout.h"
#include "engine/rocksdb/status.h"
#include "engine/rocksdb/tuning.h"
#include "engine/rocksdb/wal/losses.h"
#include "engine/rocksdb/wal/wal_guard.h"

namespace posthorn::engine::rocks {
namespace {

constexpr std::string_view kProduct = "posthorn";

/// Only the server's user may read mail.
Status make_directory(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::create_directories(path, error) && error)
    return posthorn::fail(ErrorKind::io, fmt::format("cannot create the data directory {}", path),
                          error.message());
  return {};
}

Status make_private_directory(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) return {};
  if (Status made = make_directory(path); !made) return made;
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  if (error)
    return posthorn::fail(ErrorKind::io, fmt::format("cannot make {} private", path),
                          error.message());
  return {};
}

std::shared_ptr<::rocksdb::Cache> make_cache(const RocksDbOptions& options) {
  // Blobs are evicted first: a lost blob costs one read, while an index block locates hundreds of
  // values.
  ::rocksdb::LRUCacheOptions room;
  room.capacity = options.cache_bytes;
  room.high_pri_pool_ratio = 0.4;
  room.low_pri_pool_ratio = 0.3;
  return ::rocksdb::NewLRUCache(room);
}

}  // namespace

::rocksdb::ReadOptions read_options(Tier tier) {
  ::rocksdb::ReadOptions options;
  if (tier == Tier::cached_only) options.read_tier = ::rocksdb::ReadTier::kBlockCacheTier;
  return options;
}

Result<std::unique_ptr<Database>> Database::open(const RocksDbOptions& options, ::rocksdb::Env* env,
                                                 const std::shared_ptr<Alarm>& alarm) {
  const auto cache = make_cache(options);
  ::rocksdb::DBOptions settings = db_options(options, env, cache, alarm);
  const auto families = column_families(options, cache);
  // The order matters, because opening changes the folder:
  // 1. check_before_open() makes sure that all files are present. RocksDB would delete files that a
  //    damaged MANIFEST does not name.
  // 2. guard_wal() judges the logs. RocksDB would replay them up to the first damage and
  //    drop the rest.
  // 3. The WalWatch is placed under RocksDB, with the marks of step 2, so that every log write from
  //    the first on is tracked.
  // 4. Only then RocksDB opens the folder.
  const auto opening = check_before_open(options, settings, families);
  if (!opening) return std::unexpected(opening.error());
  settings.create_if_missing = *opening == Opening::create;
  if (*opening == Opening::create)
    if (Status made = make_private_directory(options.path); !made) return pass(made);
  auto marks = guard_wal(options, env ? *env : *::rocksdb::Env::Default());
  if (!marks) return pass(marks);
  std::unique_ptr<Database> made(new Database);
  made->watch_ =
      std::make_shared<WalWatch>(env ? env->GetFileSystem() : ::rocksdb::FileSystem::Default(),
                                 options.path, std::move(*marks));
  made->env_ = ::rocksdb::NewCompositeEnv(made->watch_);
  settings.env = made->env_.get();
  ::rocksdb::DB* db = nullptr;
  const ::rocksdb::Status opened =
      ::rocksdb::DB::Open(settings, options.path, families, &made->handles_, &db);
  if (!opened.ok()) return std::unexpected(open_error(opened, options.path));
  made->db_.reset(db);
  if (Status ok = made->check_format(); !ok) return pass(ok);
  if (Status ok = made->read_epoch(options.path); !ok) return pass(ok);
  return made;
}

Result<std::unique_ptr<Database>> Database::open_to_read(const RocksDbOptions& options,
                                                         ::rocksdb::Env* env,
                                                         const std::shared_ptr<Alarm>& alarm) {
  const auto cache = make_cache(options);
  const ::rocksdb::DBOptions settings = db_options(options, env, cache, alarm);
  std::unique_ptr<Database> made(new Database);
  made->failed_ = true;
  ::rocksdb::DB* db = nullptr;
  const ::rocksdb::Status opened = ::rocksdb::DB::OpenForReadOnly(
      settings, options.path, column_families(options, cache), &made->handles_, &db);
  if (!opened.ok()) return std::unexpected(open_error(opened, options.path));
  made->db_.reset(db);
  return made;
}

Database::~Database() {
  if (!db_) return;
  for (::rocksdb::ColumnFamilyHandle* handle : handles_)
    static_cast<void>(db_->DestroyColumnFamilyHandle(handle));
  static_cast<void>(db_->Close());
}

Status Database::check_format() {
  const auto stored = get(meta(), kFormatKey, Tier::may_block);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return put_format();
  ByteReader r(**stored);
  const std::uint32_t version = r.u32();
  if (!r.ok() || r.rest() != kProduct)
    return posthorn::fail(ErrorKind::corrupt, "the data directory is not Posthorn's");
  if (version > kFormatVersion)
    return posthorn::fail(
        ErrorKind::not_supported,
        fmt::format("the data directory has format {}, but this version of Posthorn "
                    "supports formats up to {}",
                    version, kFormatVersion));
  return version == kFormatVersion ? Status() : put_format();
}

Status Database::put_format() {
  std::string value;
  ByteWriter w(value);
  w.u32(kFormatVersion);
  w.raw(kProduct);
  return put(kFormatKey, value);
}

Status Database::read_epoch(const std::string& path) {
  auto declared = latest_epoch(path);
  if (!declared) return pass(declared);
  const auto stored = get(meta(), kEpochKey, Tier::may_block);
  if (!stored) return std::unexpected(stored.error());
  const auto known = *stored ? parse_number(**stored) : 0;
  if (!known) return posthorn::fail(ErrorKind::corrupt, "the store's epoch is damaged");
  epoch_ = std::max(*declared, *known);
  // Stored here as well, so that it remains even if the file is deleted.
  return epoch_ == *known ? Status() : put(kEpochKey, format_number(epoch_));
}

Status Database::put(std::string_view key, std::string_view value) {
  ::rocksdb::WriteBatch batch;
  const ::rocksdb::Status added = batch.Put(meta(), slice(key), slice(value));
  ::rocksdb::WriteOptions durable;
  durable.sync = true;
  const ::rocksdb::Status written = added.ok() ? write(durable, batch) : added;
  if (!written.ok()) return fail(written);
  return {};
}

Result<std::optional<std::string>> Database::get(::rocksdb::ColumnFamilyHandle* family,
                                                 std::string_view key, Tier tier) {
  ::rocksdb::PinnableSlice value;
  const auto there = get_pinned(family, key, tier, value);
  if (!there) return std::unexpected(there.error());
  if (!*there) return std::nullopt;
  // A value that is not pinned is in a string of its own already.
  if (value.IsPinned()) return std::optional(value.ToString());
  return std::optional(std::move(*value.GetSelf()));
}

Result<bool> Database::get_pinned(::rocksdb::ColumnFamilyHandle* family, std::string_view key,
                                  Tier tier, ::rocksdb::PinnableSlice& value) {
  const ::rocksdb::Status got = db_->Get(read_options(tier), family, slice(key), &value);
  if (got.IsNotFound()) return false;
  if (!got.ok()) return fail(got);
  // When the table itself is not open (max_open_files, or just started), RocksDB 7.8 answers a
  // cached read of any key with OK and an empty value instead of Incomplete.
  if (tier == Tier::cached_only && value.empty())
    return posthorn::fail(ErrorKind::would_block, "not in the cache");
  return true;
}

namespace {
::rocksdb::Status failed_before() {
  return ::rocksdb::Status::IOError(
      "an earlier write failed, or the data is open for reading only");
}
}  // namespace

::rocksdb::Status Database::note(::rocksdb::Status status) {
  if (!status.ok()) failed_ = true;
  return status;
}

::rocksdb::Status Database::write(const ::rocksdb::WriteOptions& options,
                                  ::rocksdb::WriteBatch& batch) {
  const MutexLock lock(writing_);
  if (failed_) return failed_before();
  ::rocksdb::Status written = note(db_->Write(options, &batch));
  if (written.ok() && options.sync) watch_->synced(watch_->lengths());
  return written;
}

::rocksdb::Status Database::sync() {
  // Not at the same time as a write: if that write failed, RocksDB would end the process.
  const MutexLock lock(writing_);
  if (failed_) return failed_before();
  const WalWatch::Lengths lengths = watch_->lengths();
  ::rocksdb::Status synced = note(db_->SyncWAL());
  if (synced.ok()) watch_->synced(lengths);
  return synced;
}

Status Database::turn_compactions(const std::string& family, bool on) {
  for (::rocksdb::ColumnFamilyHandle* handle : handles_) {
    if (handle->GetName() != family) continue;
    const MutexLock lock(writing_);
    if (failed_) return fail(failed_before());
    const auto set = db_->SetOptions(handle, {{"disable_auto_compactions", on ? "false" : "true"}});
    if (!set.ok()) return fail(set);
  }
  return {};
}

std::uint64_t Database::unflushed_bytes() {
  std::uint64_t bytes = 0;
  if (!db_->GetAggregatedIntProperty(::rocksdb::DB::Properties::kCurSizeAllMemTables, &bytes))
    return 0;
  return bytes;
}

Status Database::flush() {
  const ::rocksdb::Status synced = sync();
  if (!synced.ok()) return fail(synced);
  ::rocksdb::FlushOptions now;
  // No one writes any more; by default the flush may wait for a compaction.
  now.allow_write_stall = true;
  const ::rocksdb::Status flushed = db_->Flush(now, handles_);
  if (!flushed.ok()) return fail(note(flushed));
  return {};
}

}  // namespace posthorn::engine::rocks
