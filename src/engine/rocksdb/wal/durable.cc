#include "engine/rocksdb/wal/durable.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace posthorn::engine::rocks {

Status sync_folder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (synced) return {};
  return posthorn::fail(ErrorKind::io, folder + " cannot be made durable", std::strerror(error));
}

Status append_line(const std::string& folder, const std::string& name, const std::string& line) {
  const std::string path = folder + "/" + name;
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string text = line + "\n";
  const bool written = fd >= 0 &&
                       write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (written) return sync_folder(folder);
  return posthorn::fail(ErrorKind::io, path + " cannot be written", std::strerror(error));
}

}  // namespace posthorn::engine::rocks
