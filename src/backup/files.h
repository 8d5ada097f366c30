#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_md_ctx_st;

/// Durable writing and reading of files. Everything here blocks. New files have mode 0600, new
/// folders 0700. Errors name the path.
namespace posthorn::backup {

/// SHA-256 of octets that come in portions.
class Sha256 {
 public:
  Sha256();
  void add(std::string_view octets);
  /// Returns 64 lower-case hexadecimal digits. The last call.
  std::string finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// An open file, closed by the destructor.
class File {
 public:
  /// Errors: not_found, no_permission, io.
  static Result<File> open_to_read(const std::string& path);
  /// Makes the file, or empties it.
  static Result<File> create(const std::string& path);
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  /// Returns the number of octets read, 0 at the end.
  Result<std::size_t> read(std::span<char> into);
  Status write(std::string_view octets);
  /// Makes the content durable, but not the file's name (sync_folder).
  Status sync();

 private:
  friend class FolderLock;
  File(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  std::string path_;
};

/// What tells that a file is still the one that was seen before.
struct Identity {
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  std::int64_t mtime_ns = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};
Result<Identity> identity_of(const std::string& path);

Status sync_folder(const std::string& path);
/// Makes the folder with its parents; durable. It may exist.
Status make_folder(const std::string& path);
/// Durable, whole or not at all.
Status write_atomically(const std::string& path, std::string_view content);
/// Errors: too_big (more than `limit` octets), and those of open_to_read.
Result<std::string> read_all(const std::string& path, std::size_t limit);
/// Removes a file; none is no error.
Status remove_file(const std::string& path);
Status rename_file(const std::string& from, const std::string& to);

/// A lock on a folder's file `lock` that other processes respect. Released by the destructor.
class FolderLock {
 public:
  enum class Kind : std::uint8_t { shared, exclusive };
  /// Does not wait. Errors: unavailable (another process has it), io.
  static Result<FolderLock> take(const std::string& folder, Kind kind);

 private:
  explicit FolderLock(File file) : file_(std::move(file)) {}
  File file_;
};

}  // namespace posthorn::backup
