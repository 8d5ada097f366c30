#include "engine/rocksdb/salvage/new_store.h"

#include <ctime>

#include "engine/rocksdb/layout.h"
#include "engine/rocksdb/status.h"

namespace posthorn::engine::rocks {
namespace {

/// The size of a batch at which it is written.
constexpr std::size_t kWriteFrom = 4UL << 20;

}  // namespace

Result<std::unique_ptr<NewStore>> NewStore::create(const std::string& path) {
  RocksDbOptions options;
  options.path = path;
  auto database = Database::open(options, nullptr, std::make_shared<Alarm>());
  if (!database) return pass(database);
  return std::unique_ptr<NewStore>(new NewStore(std::move(*database)));
}

::rocksdb::ColumnFamilyHandle* NewStore::handle(Family family) const {
  switch (family) {
    case Family::meta: return database_->meta();
    case Family::rows: return database_->rows();
    case Family::pages: return database_->pages();
    case Family::pieces: return database_->pieces();
    case Family::holders: return database_->holders();
  }
  return nullptr;
}

Status NewStore::put(Family family, std::string_view key, std::string_view value) {
  const ::rocksdb::Status added = batch_.Put(handle(family), slice(key), slice(value));
  if (!added.ok()) return fail(added);
  return batch_.GetDataSize() < kWriteFrom ? Status() : write();
}

Status NewStore::begin_pieces() {
  if (Status written = write(); !written) return written;
  ::rocksdb::ReadOptions options;
  options.total_order_seek = true;
  holders_.reset(database_->db().NewIterator(options, database_->holders()));
  holders_->SeekToFirst();
  return {};
}

/// Without a name: all that are left.
Status NewStore::drop_holders_before(std::optional<std::string_view> name) {
  for (; holders_->Valid(); holders_->Next()) {
    if (name && view(holders_->key()).substr(0, kIdBytes) >= *name) return {};
    const ::rocksdb::Status dropped = batch_.Delete(database_->holders(), holders_->key());
    if (!dropped.ok()) return fail(dropped);
    if (batch_.GetDataSize() < kWriteFrom) continue;
    if (Status written = write(); !written) return written;
  }
  return holders_->status().ok() ? Status() : fail(holders_->status());
}

Status NewStore::put_piece(std::string_view name, std::string_view bytes) {
  if (Status dropped = drop_holders_before(name); !dropped) return dropped;
  bool known = false;
  for (; holders_->Valid() && view(holders_->key()).starts_with(name); holders_->Next())
    known = known || (view(holders_->key()) == name && parse_piece_state(view(holders_->value())));
  const PieceState state{1, static_cast<std::int64_t>(std::time(nullptr)), bytes.size()};
  Status put_state = known ? Status() : put(Family::holders, name, format_piece_state(state));
  return put_state ? put(Family::pieces, name, bytes) : put_state;
}

/// Without the write-ahead log: until finish() has returned, the store is not one.
Status NewStore::write() {
  ::rocksdb::WriteOptions options;
  options.disableWAL = true;
  const ::rocksdb::Status written = database_->write(options, batch_);
  batch_.Clear();
  return written.ok() ? Status() : fail(written);
}

Status NewStore::finish() {
  Status done = holders_ ? drop_holders_before(std::nullopt) : Status();
  holders_.reset();
  if (done) done = write();
  if (done) done = database_->flush();
  database_.reset();
  return done;
}

}  // namespace posthorn::engine::rocks
