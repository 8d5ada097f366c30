#include "backup/files.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace posthorn::backup {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> failure(const std::string& path, std::string_view what, int error) {
  const ErrorKind kind = error == ENOENT                     ? ErrorKind::not_found
                         : error == EACCES || error == EPERM ? ErrorKind::no_permission
                                                             : ErrorKind::io;
  return fail(kind, fmt::format("{} {}: {}", path, what, std::strerror(error)));
}

std::string parent_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

void Sha256::add(std::string_view octets) {
  EVP_DigestUpdate(context_.get(), octets.data(), octets.size());
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context_.get(), sum.data(), &size);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", sum[i]);
  return hex;
}

Result<File> File::open_to_read(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failure(path, "cannot be opened", errno);
  return File(fd, path);
}

Result<File> File::create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failure(path, "cannot be created", errno);
  return File(fd, path);
}

File::File(File&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::size_t> File::read(std::span<char> into) {
  while (true) {
    const ssize_t got = ::read(fd_, into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return failure(path_, "cannot be read", errno);
  }
}

Status File::write(std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t put = ::write(fd_, octets.data(), octets.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failure(path_, "cannot be written", errno);
    octets.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Status File::sync() {
  if (::fsync(fd_) != 0) return failure(path_, "cannot be made durable", errno);
  return {};
}

Result<Identity> identity_of(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return failure(path, "cannot be examined", errno);
  return Identity{static_cast<std::uint64_t>(info.st_size), info.st_ino,
                  info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec};
}

Status sync_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failure(path, "cannot be opened", errno);
  const bool synced = ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!synced) return failure(path, "cannot be made durable", error);
  return {};
}

Status make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return sync_folder(parent_of(path));
  if (errno == EEXIST) return {};
  const std::string parent = parent_of(path);
  if (errno != ENOENT || parent == path) return failure(path, "cannot be created", errno);
  if (Status above = make_folder(parent); !above) return above;
  if (::mkdir(path.c_str(), 0700) != 0) return failure(path, "cannot be created", errno);
  return sync_folder(parent);
}

Status write_atomically(const std::string& path, std::string_view content) {
  const std::string draft = path + ".new";
  auto file = File::create(draft);
  if (!file) return pass(file);
  Status done = file->write(content);
  if (done) done = file->sync();
  if (done) done = rename_file(draft, path);
  if (done) done = sync_folder(parent_of(path));
  return done;
}

Result<std::string> read_all(const std::string& path, std::size_t limit) {
  auto file = File::open_to_read(path);
  if (!file) return pass(file);
  std::string content;
  std::array<char, 16384> portion{};
  while (true) {
    auto got = file->read(portion);
    if (!got) return pass(got);
    if (*got == 0) return content;
    content.append(portion.data(), *got);
    if (content.size() > limit) return fail(ErrorKind::too_big, path + " is too large");
  }
}

Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return failure(path, "cannot be removed", errno);
  return {};
}

Status rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return failure(from, fmt::format("cannot be renamed to {}", to), errno);
  return {};
}

Result<FolderLock> FolderLock::take(const std::string& folder, Kind kind) {
  const std::string path = folder + "/lock";
  // Whoever may only read the folder can still lock it for reading.
  const int flags = kind == Kind::exclusive ? O_RDWR | O_CREAT : O_RDONLY;
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) return failure(path, "cannot be opened", errno);
  File file(fd, path);
  if (::flock(fd, (kind == Kind::exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
    return FolderLock(std::move(file));
  if (errno != EWOULDBLOCK) return failure(path, "cannot be locked", errno);
  return fail(ErrorKind::unavailable, fmt::format("another posthorn is using {}", folder));
}

}  // namespace posthorn::backup
