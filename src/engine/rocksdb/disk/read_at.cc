#include "engine/rocksdb/disk/read_at.h"

#include <unistd.h>

#include <cerrno>

namespace posthorn::engine::rocks {

ReadOctets read_at(int fd, std::uint64_t at, std::span<char> room) {
  ReadOctets got;
  while (got.octets < room.size()) {
    const ssize_t n = pread(fd, room.data() + got.octets, room.size() - got.octets,
                            static_cast<off_t>(at + got.octets));
    if (n < 0 && errno == EINTR) continue;
    got.failed = n < 0;
    if (n <= 0) break;
    got.octets += static_cast<std::size_t>(n);
  }
  return got;
}

}  // namespace posthorn::engine::rocks
