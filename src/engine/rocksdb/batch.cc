#include "engine/rocksdb/batch.h"

#include "base/log.h"
#include "engine/limits.h"
#include "engine/rocksdb/status.h"

namespace posthorn::engine::rocks {
namespace {

/// Returns true if the record cannot be read, now or later.
bool is_damage(const Error& error) {
  return error.kind == ErrorKind::corrupt || error.kind == ErrorKind::io;
}

}  // namespace

void Batch::begin(Database& database) {
  database_ = &database;
  batch_.Clear();
  // The claim comes first, so that a start can tell whether the data before a damaged record was
  // durable.
  static_cast<void>(batch_.PutLogData(database.claim()));
}

Result<PartitionVersion> Batch::version_of(const PartitionId& partition) {
  if (const auto it = versions_.find(partition); it != versions_.end()) return it->second;
  if (const PartitionVersion* known = recent_versions_.find(partition)) return *known;
  const auto stored = database_->get(database_->rows(), version_key(partition), Tier::may_block);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return PartitionVersion{};
  auto version = parse_version(**stored);
  if (!version) return version;
  return recent_versions_.put(partition, *version);
}

Result<std::optional<PieceState>> Batch::find_piece(const PieceName& name) {
  if (const auto it = pieces_.find(name); it != pieces_.end()) return it->second;
  if (const PieceState* known = recent_pieces_.find(name)) return *known;
  const auto stored = database_->get(database_->holders(), name.view(), Tier::may_block);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return std::nullopt;
  const auto state = parse_piece_state(**stored);
  if (!state) return posthorn::fail(ErrorKind::corrupt, "a piece's state is damaged");
  return recent_pieces_.put(name, *state);
}

Result<std::optional<std::int64_t>> Batch::find_stamp(const std::string& holder_key) {
  if (const auto it = stamps_.find(holder_key); it != stamps_.end()) return it->second;
  const auto stored = database_->get(database_->holders(), holder_key, Tier::may_block);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return std::nullopt;
  const auto stamp = parse_stamp(**stored);
  if (!stamp) return posthorn::fail(ErrorKind::corrupt, "a holder row is damaged");
  return stamp;
}

Result<PartitionVersion> Batch::add(const Commit& commit) {
  if (Status ok = check_limits(commit); !ok) return pass(ok);
  auto version = version_of(commit.partition);
  if (!version) return version;
  if (version->revision != commit.expect.revision) return conflict_at(*version);
  batch_.SetSavePoint();
  for (const PieceHold& hold : commit.carry.holds) {
    if (Status held = add_hold(hold, commit.partition); !held) {
      // The commit's earlier holds are already in the batch and have to be rolled back.
      spoiled_ = true;
      static_cast<void>(batch_.RollbackToSavePoint());
      return pass(held);
    }
    // It was written ahead, and is used now.
    if (hold.bytes.empty()) batch_.Delete(candidate_key(commit.partition, hold.name));
  }
  batch_.PopSavePoint();
  for (const Candidate& candidate : commit.carry.candidates)
    put_candidate(commit.partition, candidate.piece, candidate.stamp);
  for (const PageWrite& page : commit.carry.pages)
    batch_.Put(database_->pages(), page_key(commit.partition, page.number), page.bytes);
  for (const PageNumber number : commit.carry.dropped_pages)
    batch_.Delete(database_->pages(), page_key(commit.partition, number));
  put_edits(commit.partition, commit.edits);
  return versions_.insert_or_assign(commit.partition, version->after(commit.advance)).first->second;
}

void Batch::put_edits(const PartitionId& partition, const std::vector<Edit>& edits) {
  for (const Edit& edit : edits) {
    set_row_key(scratch_, partition, edit.key);
    if (edit.value) {
      batch_.Put(database_->rows(), scratch_, *edit.value);
    } else {
      batch_.Delete(database_->rows(), scratch_);
    }
  }
}

void Batch::add_hint(const PartitionId& partition, const std::vector<Edit>& edits) {
  put_edits(partition, edits);
}

std::uint64_t Batch::next_version(std::uint64_t old) {
  // Starts from RocksDB's own count of writes. Erasing a piece and writing it again takes at least
  // two writes, so a version is never reused for a piece.
  last_version_ = std::max({last_version_, old, database_->db().GetLatestSequenceNumber()}) + 1;
  return last_version_;
}

void Batch::put_state(const PieceName& name, const PieceState& state) {
  batch_.Put(database_->holders(), slice(name.view()), format_piece_state(state));
  pieces_.insert_or_assign(name, state);
}

/// Like find_piece. If the state cannot be read, returns none if the hold brings the bytes, and a
/// new state if the piece itself exists.
Result<std::optional<PieceState>> Batch::find_piece_to_hold(const PieceHold& hold) {
  auto known = find_piece(hold.name);
  if (known || !is_damage(known.error())) return known;
  log::error_about("piece state",
                   "storage: cannot read whether a piece exists ({}), so it is written again",
                   known.error().cause.empty() ? known.error().text : known.error().cause);
  if (!hold.bytes.empty()) return std::nullopt;
  const auto bytes = database_->get(database_->pieces(), hold.name.view(), Tier::may_block);
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  return PieceState{0, hold.stamp, (*bytes)->size()};
}

Status Batch::add_hold(const PieceHold& hold, const PartitionId& holder) {
  auto known = find_piece_to_hold(hold);
  if (!known) {
    spoiled_ = true;
    return pass(known);
  }
  const std::string key = holder_key(hold.name, holder);
  std::int64_t stamp = hold.stamp;
  if (*known) {
    const auto held = find_stamp(key);
    if (!held && !is_damage(held.error())) {
      spoiled_ = true;
      return std::unexpected(held.error());
    }
    // An unreadable stamp cannot be later than now, so it is replaced.
    if (held && *held) stamp = std::max(stamp, **held);
  } else {
    if (Status ok = check_writable(hold); !ok) return ok;
    batch_.Put(database_->pieces(), slice(hold.name.view()), hold.bytes);
  }
  PieceState state = *known ? **known : PieceState{0, hold.stamp, hold.bytes.size()};
  state.version = next_version(state.version);
  state.stamp = std::max(state.stamp, hold.stamp);
  put_state(hold.name, state);
  batch_.Put(database_->holders(), key, format_stamp(stamp));
  stamps_.insert_or_assign(key, stamp);
  return {};
}

void Batch::put_candidate(const PartitionId& holder, const PieceName& piece, std::int64_t stamp) {
  batch_.Put(candidate_key(holder, piece), format_stamp(stamp));
}

Status Batch::add_ahead(const PieceHold& hold, const PartitionId& holder) {
  if (Status held = add_hold(hold, holder); !held) return held;
  put_candidate(holder, hold.name, hold.stamp);
  return {};
}

Result<std::vector<Batch::Moved>> Batch::write(Sync sync) {
  std::vector<Moved> moved;
  moved.reserve(versions_.size());
  for (const auto& [partition, version] : versions_) {
    moved.push_back({partition, version});
    batch_.Put(database_->rows(), version_key(partition), format_version(version));
  }
  ::rocksdb::WriteOptions options;
  options.sync = sync == Sync::yes;
  const ::rocksdb::Status written = database_->write(options, batch_);
  if (!written.ok()) {
    drop();
    return fail(written);
  }
  remember();
  return moved;
}

void Batch::remember() {
  if (spoiled_) return drop();  // Part of the batch was rolled back, so cached values may be wrong.
  for (const auto& [partition, version] : versions_) recent_versions_.put(partition, version);
  for (const auto& [name, state] : pieces_) recent_pieces_.put(name, state);
  batch_.Clear();
  versions_.clear();
  pieces_.clear();
  stamps_.clear();
}

void Batch::drop() {
  batch_.Clear();
  versions_.clear();
  pieces_.clear();
  stamps_.clear();
  recent_versions_.clear();
  recent_pieces_.clear();
  spoiled_ = false;
}

Status Batch::write_now() {
  auto written = write(Sync::no);
  if (!written) return pass(written);
  return {};
}

Status Batch::unhold(const PieceName& name, const PartitionId& holder, std::int64_t not_after) {
  auto known = find_piece(name);
  if (!known) return pass(known);
  const std::string key = holder_key(name, holder);
  const auto stamp = find_stamp(key);
  if (!stamp) return std::unexpected(stamp.error());
  if (!*known || !*stamp || **stamp > not_after) return {};
  PieceState state = **known;
  state.version = next_version(state.version);
  batch_.Delete(database_->holders(), key);
  put_state(name, state);
  return write_now();
}

Result<bool> Batch::erase(const PieceName& name, std::uint64_t version) {
  auto known = find_piece(name);
  if (!known) return pass(known);
  if (!*known || (*known)->version != version) return false;
  ::rocksdb::ReadOptions options = read_options(Tier::may_block);
  options.prefix_same_as_start = true;
  const std::unique_ptr<::rocksdb::Iterator> it(
      database_->db().NewIterator(options, database_->holders()));
  const std::string first = holder_key(name, PartitionId{});
  it->Seek(first);
  if (!it->status().ok()) return fail(it->status());
  if (it->Valid() && view(it->key()).starts_with(name.view())) return false;
  batch_.Delete(database_->pieces(), slice(name.view()));
  batch_.Delete(database_->holders(), slice(name.view()));
  recent_pieces_.forget(name);
  if (Status written = write_now(); !written) return pass(written);
  return true;
}

Status Batch::clear_candidate(const Candidate& candidate) {
  const std::string key = candidate_key(candidate.holder, candidate.piece);
  const auto stored = database_->get(database_->db().DefaultColumnFamily(), key, Tier::may_block);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored || parse_stamp(**stored) != candidate.stamp) return {};
  batch_.Delete(key);
  return write_now();
}

}  // namespace posthorn::engine::rocks
