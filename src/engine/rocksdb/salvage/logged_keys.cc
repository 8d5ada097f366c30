#include "engine/rocksdb/salvage/logged_keys.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "engine/rocksdb/database.h"
#include "engine/rocksdb/wal/wal_check.h"
#include "engine/rocksdb/wal/wal_watch.h"

namespace posthorn::engine::rocks {
namespace {

/// Takes in the entries of one batch. Each has the sequence number after that of the one before.
class BatchReader final : public ::rocksdb::WriteBatch::Handler {
 public:
  BatchReader(LoggedKeys& keys, std::uint64_t sequence) : keys_(keys), sequence_(sequence) {}

  ::rocksdb::Status PutCF(std::uint32_t family, const ::rocksdb::Slice& key,
                          const ::rocksdb::Slice& value) override {
    return take(family, key, EntryKind::value, value);
  }
  ::rocksdb::Status DeleteCF(std::uint32_t family, const ::rocksdb::Slice& key) override {
    return take(family, key, EntryKind::removed, {});
  }
  ::rocksdb::Status SingleDeleteCF(std::uint32_t family, const ::rocksdb::Slice& key) override {
    return take(family, key, EntryKind::removed, {});
  }
  void LogData(const ::rocksdb::Slice& /*octets*/) override {}
  ::rocksdb::Status MarkNoop(bool /*empty*/) override { return ::rocksdb::Status::OK(); }

 private:
  ::rocksdb::Status take(std::uint32_t family, const ::rocksdb::Slice& key, EntryKind kind,
                         const ::rocksdb::Slice& value) {
    KeyVersion& newest = keys_.families[family][key.ToString()];
    if (newest.sequence <= sequence_) newest = {sequence_, 0, kind, value.ToString()};
    ++sequence_;
    return ::rocksdb::Status::OK();
  }

  LoggedKeys& keys_;
  std::uint64_t sequence_;
};

/// The first damage that is not before `from`; the largest number if there is none.
std::uint64_t first_damage(const std::vector<OctetRange>& damaged, std::uint64_t from) {
  for (const OctetRange& range : damaged)
    if (range.end > from) return std::max(range.begin, from);
  return std::numeric_limits<std::uint64_t>::max();
}

Status read_log(const std::string& path, std::uint64_t synced, LoggedKeys& keys) {
  const auto scan = scan_wal(path, [](const WalRecord&) {});
  if (!scan) return std::unexpected(scan.error());
  const std::uint64_t end = first_damage(scan->damaged, synced);
  bool strange = false;
  const auto read = scan_wal(path, [&](const WalRecord& record) {
    if (record.place.begin >= end) return;
    BatchReader reader(keys, record.sequence);
    strange |= !::rocksdb::WriteBatch(std::string(record.batch)).Iterate(&reader).ok();
  });
  if (!read) return std::unexpected(read.error());
  if (strange) keys.losses.push_back(path + ": a record has entries of an unknown kind");
  return {};
}

/// The marks, unless they are about another database.
std::optional<WalMarks> marks_of(const std::string& folder) {
  auto marks = WalMarkFile(folder).read();
  const auto current = current_manifest(folder);
  if (marks && current && marks->manifest != *current && marks->next_manifest != *current)
    marks.reset();
  return marks;
}

}  // namespace

Result<LoggedKeys> read_logs(const std::string& folder) {
  const auto verdict = judge_wal(folder, marks_of(folder));
  if (!verdict) return std::unexpected(verdict.error());
  LoggedKeys keys;
  if (!verdict->losses.empty())
    keys.losses.push_back("changes that were acknowledged are lost: " + describe(*verdict));
  std::error_code error;
  std::filesystem::directory_iterator it(folder, error);
  for (; !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    const auto number = wal_number(it->path().string());
    if (!number) continue;
    Status read = read_log(it->path().string(), verdict->marks.of(*number), keys);
    if (!read) return pass(read);
  }
  if (error) return posthorn::fail(ErrorKind::io, folder + " cannot be listed", error.message());
  return keys;
}

}  // namespace posthorn::engine::rocks
