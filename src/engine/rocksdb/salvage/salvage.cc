#include "engine/rocksdb/salvage/salvage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "engine/rocksdb/disk/store_files.h"
#include "engine/rocksdb/layout.h"
#include "engine/rocksdb/salvage/logged_keys.h"
#include "engine/rocksdb/salvage/manifest_file.h"
#include "engine/rocksdb/salvage/merge.h"
#include "engine/rocksdb/salvage/new_store.h"
#include "engine/rocksdb/salvage/table_set.h"
#include "engine/rocksdb/wal/durable.h"
#include "engine/rocksdb/wal/losses.h"

namespace posthorn::engine {
namespace rocks {
namespace {

namespace fs = std::filesystem;

/// Fails if a process has the store open: RocksDB locks the file LOCK as long as it has. The lock
/// is only asked about, because to take it would need a file that may be written.
Status check_closed(const std::string& folder) {
  const int fd = open((folder + "/LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool asked = fcntl(fd, F_GETLK, &lock) == 0;
  close(fd);
  if (!asked || lock.l_type == F_UNLCK) return {};
  return posthorn::fail(
      ErrorKind::unavailable,
      fmt::format("process {} has the store in {} open: stop it first", lock.l_pid, folder));
}

Status check_places(const std::string& from, const std::string& into) {
  const auto files = list_store_files(from);
  if (!files) return std::unexpected(files.error());
  if (!files->has_data())
    return posthorn::fail(ErrorKind::not_found,
                          fmt::format("there are no files of a store with mail in {}", from));
  const auto there = list_store_files(into);
  if (!there) return std::unexpected(there.error());
  if (!there->none())
    return posthorn::fail(ErrorKind::already_exists, fmt::format("{} has a store", into));
  return check_closed(from);
}

/// Keeps the epochs that were declared before, and declares a new one.
Status declare_salvaged(const std::string& from, const std::string& into, std::uint64_t known) {
  std::error_code error;
  const fs::path losses = fs::path(from) / kLossesFile;
  if (latest_epoch(from).value_or(0) > 0)
    fs::copy_file(losses, fs::path(into) / kLossesFile, error);
  if (error)
    return posthorn::fail(ErrorKind::io, losses.string() + " cannot be copied", error.message());
  if (latest_epoch(into).value_or(0) < known) {
    Status kept = append_line(into, kLossesFile, fmt::format("{} as the store said", known));
    if (!kept) return kept;
  }
  auto epoch = declare_older(into, "salvaged from " + from);
  return epoch ? Status() : pass(epoch);
}

/// One salvage.
class Salvage {
 public:
  Salvage(const std::string& from, const std::string& into) : from_(from), into_(into) {}

  Result<Salvaged> run() {
    Status ok = check_places(from_, into_);
    if (ok) ok = find_files();
    if (ok) ok = write_all();
    if (ok) ok = declare_salvaged(from_, into_, epoch_);
    if (!ok) return pass(ok);
    return std::move(out_);
  }

 private:
  Status find_files() {
    auto facts = read_manifests(from_);
    if (!facts) return pass(facts);
    if (facts->damaged)
      out_.notes.push_back(
          "MANIFEST is missing or damaged: if a whole table or log is missing, this cannot be "
          "told, and what was removed shortly before the damage may have come back");
    auto logged = read_logs(from_);
    if (!logged) return pass(logged);
    logged_ = std::move(*logged);
    for (std::string& loss : logged_.losses) lose(std::move(loss), true);
    return tables_.find(from_, *facts, out_);
  }

  Status write_all() {
    auto made = NewStore::create(into_);
    if (!made) return pass(made);
    store_ = std::move(*made);
    // The holders come before the pieces, which complete them.
    for (const Family family :
         {Family::meta, Family::rows, Family::pages, Family::holders, Family::pieces})
      if (Status ok = write_family(family); !ok) return ok;
    return store_->finish();
  }

  Status write_family(Family family) {
    const auto logged = logged_.families.find(tables_.id_of(family));
    if (family == Family::pieces)
      if (Status ok = store_->begin_pieces(); !ok) return ok;
    auto sources = tables_.open(from_, family, out_);
    if (!sources) return pass(sources);
    Merge merge(from_, std::move(*sources),
                logged == logged_.families.end() ? nullptr : &logged->second);
    Status ok = merge.run([&](std::string_view key, std::string value) {
      return write(family, key, std::move(value));
    });
    if (!ok) return ok;
    for (const auto& [why, count] : merge.unreadable())
      out_.losses.push_back(fmt::format("{}: {} {} cannot be read", why, count, name_of(family)));
    for (const auto& [file, lost] : merge.lost()) report_lost(family, file, lost);
    for (const auto& [file, octets] : merge.given_up())
      out_.losses.push_back(fmt::format(
          "{}: its index is damaged, and looking for its blocks was given up before the "
          "last {} octets, because it took too long",
          file, octets));
    return {};
  }

  Status write(Family family, std::string_view key, std::string value) {
    switch (family) {
      case Family::meta:
        if (key == kEpochKey) epoch_ = parse_number(value).value_or(0);
        if (!key.starts_with(kFirstCandidate)) return {};
        break;
      case Family::rows:
        if (Status ok = complete_version(key); !ok) return ok;
        ++out_.rows;
        break;
      case Family::pages: ++out_.pages; break;
      case Family::holders: break;
      case Family::pieces: ++out_.pieces; return store_->put_piece(key, value);
    }
    return store_->put(family, key, value);
  }

  /// A partition without a version would be in no list. The layer above makes its tail right.
  Status complete_version(std::string_view key) {
    const auto id = id_in<PartitionId>(key);
    if (!id || id == partition_) return {};
    partition_ = id;
    if (key == version_key(*id)) return {};
    PartitionVersion version;
    version.revision = 1;
    return store_->put(Family::rows, version_key(*id), format_version(version));
  }

  void lose(std::string what, bool anywhere) {
    out_.losses.push_back(std::move(what));
    if (!anywhere) return;
    out_.holders_lost = true;
    out_.rows_lost.push_back(all_partitions());
  }

  void report_lost(Family family, const std::string& file, const std::vector<LostKeys>& lost) {
    out_.losses.push_back(fmt::format("{}: {} of its blocks with {} cannot be read", file,
                                      lost.size(), name_of(family)));
    if (family == Family::holders) out_.holders_lost = true;
    if (family != Family::rows) return;
    for (const LostKeys& keys : lost) {
      Salvaged::Range range = all_partitions();
      if (const auto first = id_in<PartitionId>(keys.after)) range.first = *first;
      if (const auto last = id_in<PartitionId>(keys.before)) range.last = *last;
      out_.rows_lost.push_back(range);
    }
  }

  const std::string from_;
  const std::string into_;
  TableSet tables_;
  LoggedKeys logged_;
  std::unique_ptr<NewStore> store_;
  std::optional<PartitionId> partition_;
  std::uint64_t epoch_ = 0;
  Salvaged out_;
};

}  // namespace
}  // namespace rocks

Result<Salvaged> salvage_rocksdb(const std::string& from, const std::string& into) {
  return rocks::Salvage(from, into).run();
}

}  // namespace posthorn::engine
