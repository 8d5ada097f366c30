#include "engine/rocksdb/wal/wal_check.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/log.h"
#include "engine/rocksdb/wal/durable.h"
#include "engine/rocksdb/wal/losses.h"
#include "engine/rocksdb/wal/wal_watch.h"

namespace posthorn::engine::rocks {
namespace {

namespace fs = std::filesystem;

/// A record without its content.
struct Seen {
  std::uint64_t begin = 0;
  std::uint64_t first = 0;  ///< Sequence number.
  std::uint32_t count = 0;
  [[nodiscard]] std::uint64_t last() const { return count == 0 ? first : first + count - 1; }
};

struct ScannedLog {
  std::string path;
  WalScan scan;
  std::vector<Seen> records;
};
using Logs = std::map<std::uint64_t, ScannedLog>;

Result<std::map<std::uint64_t, std::string>> logs_in(const std::string& folder) {
  std::map<std::uint64_t, std::string> found;
  std::error_code error;
  fs::directory_iterator it(folder, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error))
    if (const auto number = wal_number(it->path().native())) found[*number] = it->path().string();
  if (error) return posthorn::fail(ErrorKind::io, folder + " cannot be listed", error.message());
  return found;
}

/// A record states what was durable before it was written, which can raise the marks: after a power
/// loss, a log may be newer than SYNCED.
void raise(WalMarks& marks, const SyncedMark& claim,
           const std::map<std::uint64_t, std::string>& present) {
  if (claim.octets > marks.of(claim.log) && present.contains(claim.log)) marks.set(claim);
}

WalLoss missing_log(const SyncedMark& mark) {
  return {.log = mark.log, .missing = true, .synced = mark.octets, .unreadable = mark.octets};
}

std::optional<WalLoss> judge(const ScannedLog& log, const SyncedMark& mark) {
  WalLoss loss{.log = mark.log, .synced = mark.octets, .size = log.scan.size};
  if (log.scan.size < mark.octets) {
    loss.at = log.scan.size;
    loss.unreadable = mark.octets - log.scan.size;
  }
  for (const OctetRange& range : log.scan.damaged) {
    if (range.begin >= mark.octets) break;
    loss.at = loss.unreadable == 0 ? range.begin : std::min(loss.at, range.begin);
    loss.unreadable += std::min(range.end, mark.octets) - range.begin;
  }
  if (loss.unreadable == 0) return std::nullopt;
  for (const Seen& record : log.records) {
    loss.last = record.last();
    if (record.begin < loss.at) {
      loss.before = record.last();
    } else {
      if (loss.records_after++ == 0) loss.after = record.first;
    }
  }
  return loss;
}

std::string describe(const WalLoss& loss) {
  const std::string name = fmt::format("{:06}.log", loss.log);
  if (loss.missing)
    return fmt::format(
        "the write-ahead log {} is missing, although {} octets of it had been synced", name,
        loss.synced);
  std::string text =
      loss.at >= loss.size
          ? fmt::format(
                "the write-ahead log {} ends at octet {}, although {} octets of it had been synced",
                name, loss.size, loss.synced)
          : fmt::format(
                "the write-ahead log {} is damaged from octet {} on: {} of its {} octets "
                "cannot be read",
                name, loss.at, loss.unreadable, loss.synced);
  if (loss.records_after == 0)
    return text + fmt::format(
                      ", and no complete records follow; the last sequence number that "
                      "can be read is {}",
                      loss.before);
  return text + fmt::format(
                    ", with the sequence numbers {} to {}; {} complete records follow, with "
                    "the sequence numbers {} to {}",
                    loss.before + 1, loss.after - 1, loss.records_after, loss.after, loss.last);
}

/// Keeps a second name for the same octets in `folder`. A link is made at once and works even if
/// the file cannot be read; old logs are never written to.
Status keep(const std::string& path, const std::string& folder) {
  const fs::path to = fs::path(folder) / fs::path(path).filename();
  std::error_code error;
  fs::create_hard_link(path, to, error);
  if (!error) return {};
  fs::copy_file(path, to, error);
  if (!error) return {};
  return posthorn::fail(ErrorKind::io, fmt::format("{} cannot be kept as {}", path, to.string()),
                        error.message());
}

Status keep_all(const std::string& folder, std::uint64_t epoch,
                const std::map<std::uint64_t, std::string>& logs) {
  const std::string above = folder + "/damaged-logs";
  const std::string kept = fmt::format("{}/{}", above, epoch);
  std::error_code error;
  fs::create_directories(kept, error);
  if (!error) fs::permissions(above, fs::perms::owner_all, error);
  if (error) return posthorn::fail(ErrorKind::io, kept + " cannot be created", error.message());
  for (const auto& [number, path] : logs)
    if (Status ok = keep(path, kept); !ok) return ok;
  for (const std::string& each : {kept, above, folder})
    if (Status ok = sync_folder(each); !ok) return ok;
  return {};
}

/// Decides which records of a log are kept, and tracks the last sequence number.
class Keeping {
 public:
  /// Starts a log with this durable length and these damaged ranges.
  void begin(std::uint64_t synced, const std::vector<OctetRange>& damaged) {
    const auto torn =
        std::ranges::find_if(damaged, [&](const OctetRange& range) { return range.end > synced; });
    end_ = torn == damaged.end() ? UINT64_MAX : std::max(torn->begin, synced);
    first_ = true;
  }
  bool keeps(std::uint64_t begin, std::uint64_t sequence, std::uint32_t count) {
    // Follows RocksDB: after a torn log, the next log counts only if it continues with the next
    // number.
    if (std::exchange(first_, false) && torn_) torn_ = sequence != next_;
    if (torn_) return false;
    if (begin >= end_) return false;
    next_ = sequence + count;
    return true;
  }
  void finish() { torn_ = torn_ || end_ != UINT64_MAX; }

 private:
  std::uint64_t end_ = UINT64_MAX;
  std::uint64_t next_ = 0;
  bool first_ = true;
  bool torn_ = false;
};

/// Rewrites the log with the records that are kept, without their claims, since the logs they refer
/// to have become shorter. Returns the new length.
Result<std::uint64_t> rewrite(const std::string& path, Keeping& keeping) {
  const std::string fresh = path + ".new";
  auto writer = WalWriter::create(fresh);
  if (!writer) return pass(writer);
  Status added;
  auto scanned = scan_wal(path, [&](const WalRecord& record) {
    if (added && keeping.keeps(record.place.begin, record.sequence, record.count))
      added = writer->add(record.claim ? without_claim(record.batch) : record.batch);
  });
  if (!scanned) return pass(scanned);
  if (added) added = writer->finish();
  if (!added) return pass(added);
  std::error_code error;
  fs::rename(fresh, path, error);
  if (error) return posthorn::fail(ErrorKind::io, path + " cannot be replaced", error.message());
  const auto size = fs::file_size(path, error);
  if (error) return posthorn::fail(ErrorKind::io, path + " cannot be read", error.message());
  return size;
}

}  // namespace

Result<WalVerdict> judge_wal(const std::string& folder, const std::optional<WalMarks>& marks) {
  auto present = logs_in(folder);
  if (!present) return pass(present);
  WalVerdict verdict{{}, marks.value_or(WalMarks{})};
  Logs logs;
  for (const auto& [number, path] : *present) {
    ScannedLog& log = logs[number];
    log.path = path;
    auto scan = scan_wal(path, [&](const WalRecord& record) {
      log.records.push_back({record.place.begin, record.sequence, record.count});
      if (record.claim) raise(verdict.marks, *record.claim, *present);
    });
    if (!scan) return pass(scan);
    log.scan = std::move(*scan);
  }
  for (const SyncedMark& mark : verdict.marks.logs) {
    const auto log = logs.find(mark.log);
    if (log == logs.end()) {
      verdict.losses.push_back(missing_log(mark));
    } else if (auto loss = judge(log->second, mark)) {
      verdict.losses.push_back(*loss);
    }
  }
  return verdict;
}

std::string describe(const WalVerdict& verdict) {
  std::string text;
  for (const WalLoss& loss : verdict.losses) text += (text.empty() ? "" : "; ") + describe(loss);
  return text;
}

Result<WalMarks> accept_loss(const std::string& folder, const WalVerdict& verdict) {
  auto logs = logs_in(folder);
  if (!logs) return pass(logs);
  const std::string what = describe(verdict);
  auto epoch = declare_older(folder, what);
  if (!epoch) return pass(epoch);
  if (Status kept = keep_all(folder, *epoch, *logs); !kept) return pass(kept);
  WalMarks marks = verdict.marks;
  Keeping keeping;
  for (const auto& [number, path] : *logs) {
    auto scan = scan_wal(path, [](const WalRecord&) {});
    if (!scan) return pass(scan);
    keeping.begin(verdict.marks.of(number), scan->damaged);
    auto length = rewrite(path, keeping);
    if (!length) return pass(length);
    keeping.finish();
    marks.set({number, *length});
  }
  for (const WalLoss& loss : verdict.losses)
    if (loss.missing) marks.erase(loss.log);
  if (Status ok = sync_folder(folder); !ok) return pass(ok);
  // Last: until this point, a new start would find the damage again.
  WalMarkFile file(folder);
  static_cast<void>(file.read());
  Status told = file.write_both(marks);
  if (told) told = file.sync();
  if (!told) return pass(told);
  return marks;
}

}  // namespace posthorn::engine::rocks
