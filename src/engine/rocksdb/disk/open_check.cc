#include "engine/rocksdb/disk/open_check.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdarg>
#include <fstream>

#include "engine/rocksdb/disk/store_files.h"
#include "engine/rocksdb/status.h"

namespace posthorn::engine::rocks {
namespace {

using Families = std::vector<::rocksdb::ColumnFamilyDescriptor>;

/// Maximum number of missing files that an error names.
constexpr std::size_t kNamed = 5;

std::unexpected<Error> refuse(const std::string& path, std::string_view why,
                              std::string_view remedy) {
  return posthorn::fail(
      ErrorKind::corrupt,
      fmt::format("the store in {} was not opened, and nothing in it was changed: {}. {} "
                  "\"posthorn salvage\" brings out what can still be read. "
                  "See \"When a store is refused\" in docs/operating.md.",
                  path, why, remedy));
}

/// Hides the logs from a read-only RocksDB, which would replay them.
class WithoutLogs final : public ::rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  [[nodiscard]] const char* Name() const override { return "posthorn.WithoutLogs"; }
  ::rocksdb::IOStatus GetChildren(const std::string& folder, const ::rocksdb::IOOptions& options,
                                  std::vector<std::string>* names,
                                  ::rocksdb::IODebugContext* debug) override {
    const auto listed = FileSystemWrapper::GetChildren(folder, options, names, debug);
    std::erase_if(*names, [](const std::string& name) { return name.ends_with(".log"); });
    return listed;
  }
};

/// Used during the check, because RocksDB would write a log file into the folder.
class NoInfoLog final : public ::rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

/// Ensures that no other process opens the store, so that no file disappears during the check.
class FolderLock {
 public:
  FolderLock(::rocksdb::Env& env, const std::string& path) : env_(env) {
    status_ = env_.LockFile(path + "/LOCK", &lock_);
  }
  ~FolderLock() {
    if (lock_ != nullptr) static_cast<void>(env_.UnlockFile(lock_));
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  [[nodiscard]] const ::rocksdb::Status& status() const { return status_; }

 private:
  ::rocksdb::Env& env_;
  ::rocksdb::FileLock* lock_ = nullptr;
  ::rocksdb::Status status_;
};

/// A file named in the MANIFEST.
struct Named {
  std::string name;
  std::uint64_t size = 0;
};

std::unexpected<Error> manifest_error(const ::rocksdb::Status& status, const std::string& path) {
  if (!status.IsCorruption()) return std::unexpected(open_error(status, path));
  return refuse(path, fmt::format("its MANIFEST is damaged ({})", status.ToString()),
                "Restore the whole folder from a backup.");
}

/// Checks that CURRENT names an existing MANIFEST.
Status check_current(const std::string& path, const StoreFiles& files) {
  const std::string newest =
      files.manifests.empty() ? std::string() : manifest_name(files.manifests.back());
  const std::string how_to_mend =
      newest.empty() ? "Restore MANIFEST and CURRENT from a backup of exactly this state."
                     : fmt::format(
                           "Restore it from a backup, or write it: its one line is the name of the "
                           "newest MANIFEST, {}.",
                           newest);
  if (!files.current)
    return refuse(
        path,
        fmt::format("there are files of a store ({}), but CURRENT is missing", files.describe()),
        how_to_mend);
  std::ifstream current(path + "/CURRENT", std::ios::binary);
  if (!current)
    return posthorn::fail(ErrorKind::io, fmt::format("{}/CURRENT cannot be read", path));
  std::string name;
  std::getline(current, name);
  // The line must be terminated: a truncated name could be that of another file.
  const auto number = current.eof() ? std::nullopt : manifest_number(name);
  if (!number) return refuse(path, "CURRENT is damaged", how_to_mend);
  if (!std::ranges::binary_search(files.manifests, *number))
    return refuse(path, fmt::format("CURRENT names {}, which is missing", name),
                  "Restore that file, or the whole folder, from a backup.");
  return {};
}

/// Returns the existing families. A folder with families unknown to us was written by a newer
/// version.
Result<Families> present_families(const ::rocksdb::DBOptions& settings, const std::string& path,
                                  const Families& known) {
  std::vector<std::string> names;
  const auto listed = ::rocksdb::DB::ListColumnFamilies(settings, path, &names);
  if (!listed.ok()) return manifest_error(listed, path);
  Families present;
  for (const std::string& name : names) {
    const auto same = std::ranges::find(known, name, &::rocksdb::ColumnFamilyDescriptor::name);
    if (same == known.end())
      return posthorn::fail(
          ErrorKind::not_supported,
          fmt::format("{} was written by a newer version of Posthorn, or is not its", path));
    present.push_back(*same);
  }
  return present;
}

std::vector<Named> named_by(::rocksdb::DB& db,
                            const std::vector<::rocksdb::ColumnFamilyHandle*>& handles) {
  std::vector<Named> files;
  for (::rocksdb::ColumnFamilyHandle* handle : handles) {
    ::rocksdb::ColumnFamilyMetaData family;
    db.GetColumnFamilyMetaData(handle, &family);
    for (const auto& level : family.levels)
      for (const auto& table : level.files) files.push_back({table.name, table.size});
    for (const auto& blob : family.blob_files)
      files.push_back({blob.blob_file_name, blob.blob_file_size});
  }
  return files;
}

/// Reads the active MANIFEST, but neither data nor logs.
Result<std::vector<Named>> read_manifest(::rocksdb::DBOptions settings, const std::string& path,
                                         const Families& families) {
  const auto base = (settings.env != nullptr ? settings.env : ::rocksdb::Env::Default());
  const auto env = ::rocksdb::NewCompositeEnv(std::make_shared<WithoutLogs>(base->GetFileSystem()));
  settings.env = env.get();
  settings.listeners.clear();
  settings.info_log = std::make_shared<NoInfoLog>();
  settings.create_if_missing = false;
  settings.paranoid_checks = false;  // We report missing files ourselves.
  settings.track_and_verify_wals_in_manifest = false;
  std::vector<::rocksdb::ColumnFamilyHandle*> handles;
  ::rocksdb::DB* raw = nullptr;
  const auto opened =
      ::rocksdb::DB::OpenForReadOnly(settings, path, families, &handles, &raw, false);
  if (!opened.ok()) return manifest_error(opened, path);
  const std::unique_ptr<::rocksdb::DB> db(raw);
  auto files = named_by(*db, handles);
  for (::rocksdb::ColumnFamilyHandle* handle : handles)
    static_cast<void>(db->DestroyColumnFamilyHandle(handle));
  static_cast<void>(db->Close());
  return files;
}

/// Returns the reason why the file is not the one that was written; empty if it may be.
std::string fault_of(::rocksdb::Env& env, const std::string& path, const Named& file) {
  const std::string at = file.name.starts_with('/') ? file.name : "/" + file.name;
  std::uint64_t size = 0;
  const auto asked = env.GetFileSize(path + at, &size);
  if (asked.IsNotFound() || asked.IsPathNotFound() || !env.FileExists(path + at).ok())
    return fmt::format("{} is missing", at.substr(1));
  if (!asked.ok()) return fmt::format("{}: {}", at.substr(1), asked.ToString());
  if (size == file.size) return {};
  return fmt::format("{} has {} octets instead of {}", at.substr(1), size, file.size);
}

Status check_files(::rocksdb::Env& env, const std::string& path, const std::vector<Named>& files) {
  std::string faults;
  std::size_t count = 0;
  for (const Named& file : files) {
    const std::string fault = fault_of(env, path, file);
    if (fault.empty()) continue;
    if (++count <= kNamed) faults += (faults.empty() ? "" : "; ") + fault;
  }
  if (count == 0) return {};
  if (count > kNamed) faults += fmt::format("; and {} more", count - kNamed);
  return refuse(path, faults, "Restore the missing files, or the whole folder, from a backup.");
}

/// The families are created together with the store. If some are missing, the creation of the store
/// was interrupted, or the MANIFEST has lost its end.
Status check_complete(const RocksDbOptions& options, const StoreFiles& files, bool complete) {
  if (complete) return {};
  if (files.tables + files.blobs > 0)
    return refuse(options.path, "its MANIFEST is not complete",
                  "Restore the whole folder from a backup.");
  if (options.if_absent == IfAbsent::create) return {};
  return posthorn::fail(
      ErrorKind::not_found,
      fmt::format("the store in {} was never completely created; \"posthorn init\" or "
                  "\"posthorn serve\" completes it",
                  options.path));
}

}  // namespace

Error open_error(const ::rocksdb::Status& status, const std::string& path) {
  const std::string words = status.ToString();
  // If LOCK cannot even be opened, the cause is not another process.
  const bool opened = words.find("open a file for lock") == std::string::npos;
  if (status.IsIOError() && opened && words.find("LOCK") != std::string::npos)
    return {ErrorKind::unavailable,
            fmt::format("another posthorn is using the data directory {}", path), words};
  Error error = error_from(status);
  error.text = fmt::format("cannot open the data directory {}: {}", path, error.text);
  if (status.IsCorruption())
    error.text += "; \"posthorn salvage\" brings out what can still be read";
  return error;
}

Result<Opening> check_before_open(const RocksDbOptions& options,
                                  const ::rocksdb::DBOptions& settings, const Families& families) {
  const std::string& path = options.path;
  const auto files = list_store_files(path);
  if (!files) return std::unexpected(files.error());
  if (files->none()) {
    if (options.if_absent == IfAbsent::create) return Opening::create;
    return posthorn::fail(ErrorKind::not_found,
                          fmt::format("there is no store in {}; \"posthorn init\" or the first "
                                      "\"posthorn serve\" creates one",
                                      path));
  }
  if (Status ok = check_current(path, *files); !ok) return pass(ok);
  ::rocksdb::Env& env = *(settings.env != nullptr ? settings.env : ::rocksdb::Env::Default());
  const FolderLock lock(env, path);
  if (!lock.status().ok()) return std::unexpected(open_error(lock.status(), path));
  const auto present = present_families(settings, path, families);
  if (!present) return std::unexpected(present.error());
  if (Status ok = check_complete(options, *files, present->size() == families.size()); !ok)
    return pass(ok);
  const auto named = read_manifest(settings, path, *present);
  if (!named) return std::unexpected(named.error());
  if (Status ok = check_files(env, path, *named); !ok) return pass(ok);
  return Opening::existing;
}

}  // namespace posthorn::engine::rocks
