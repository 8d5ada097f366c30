#include "app/machine/data_dir.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/machine/notify.h"
#include "auth/crypto.h"
#include "base/log.h"

namespace posthorn::app {
namespace {

/// The directory may have been made by hand. Its group may enter it, for the sockets in it.
Status close_to_others(const std::string& path) {
  constexpr mode_t kAllowed = S_IRWXU | S_IRGRP | S_IXGRP;
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0)
    return fail(ErrorKind::io, fmt::format("{}: {}", path, std::strerror(errno)));
  const mode_t mode = info.st_mode & 07777;
  if ((mode & ~kAllowed) == 0) return {};
  if (::chmod(path.c_str(), mode & kAllowed) != 0) {
    log::warning("{} is open to other users of this machine (mode {:o}), and cannot be closed: {}",
                 path, mode, std::strerror(errno));
    return {};
  }
  log::warning("{} was open to other users of this machine (mode {:o}); its mode is now {:o}", path,
               mode, mode & kAllowed);
  return {};
}

}  // namespace

Status make_data_dir(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return close_to_others(path);
  std::filesystem::create_directories(path, error);
  if (error)
    return fail(ErrorKind::io, fmt::format("{}: cannot be created: {}", path, error.message()));
  ::chmod(path.c_str(), 0700);
  return {};
}

Result<std::string> load_secret(const std::string& data_dir) {
  const std::string path = data_dir + "/secret";
  std::ifstream in(path, std::ios::binary);
  std::string secret((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (secret.size() >= 32) return secret;
  secret = auth::random_bytes(32);
  if (Status written = write_file_atomically(path, secret); !written) return pass(written);
  return secret;
}

}  // namespace posthorn::app
