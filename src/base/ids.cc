#include "base/ids.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace posthorn {

PartitionId random_partition_id() {
  PartitionId id;
  std::size_t done = 0;
  while (done < id.bytes.size()) {
    const ssize_t got = getrandom(id.bytes.data() + done, id.bytes.size() - done, 0);
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      std::abort();  // Every supported kernel has getrandom, and ids must never be guessable.
    }
  }
  return id;
}

std::string to_hex(const PartitionId& id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(id.bytes.size() * 2);
  for (const std::uint8_t b : id.bytes) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

std::optional<PartitionId> partition_id_from_hex(std::string_view hex) {
  PartitionId id;
  if (hex.size() != id.bytes.size() * 2) return std::nullopt;
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    const int high = digit(hex[2 * i]);
    const int low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return id;
}

}  // namespace posthorn
