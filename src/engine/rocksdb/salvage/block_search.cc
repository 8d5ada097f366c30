#include "engine/rocksdb/salvage/block_search.h"

#include <lz4.h>

#include "base/bytes.h"
#include "engine/rocksdb/little_endian.h"

namespace posthorn::engine::rocks {
namespace {

enum Compression : std::uint8_t { kPlain = 0, kLz4 = 4 };

/// No block is larger, packed or not.
constexpr std::uint64_t kMost = 64UL << 20;
/// How many steps a checksum counts for.
constexpr std::uint64_t kOfChecksum = 64;

bool is_known(std::uint8_t compression) { return compression == kPlain || compression == kLz4; }

/// XXH3 as RocksDB uses it: the last octet, the compression, is mixed in separately.
std::uint32_t block_checksum(std::uint64_t octets, std::uint8_t compression) {
  constexpr std::uint32_t kPrime = 0x6b9083d9;
  return static_cast<std::uint32_t>(octets) ^ compression * kPrime;
}

/// The first entry of a block has a whole key, which ends with a trailer of 8 octets.
bool may_begin_plain(ByteReader r) {
  constexpr std::uint64_t kKeyTrailer = 8;
  return r.u8() == 0 && r.varint() >= kKeyTrailer && r.ok();
}

/// Its size comes first, then a sequence that has to begin with octets as they are.
bool may_begin_packed(ByteReader r) {
  const std::uint64_t size = r.varint();
  if (!r.ok() || size == 0 || size > kMost) return false;
  constexpr unsigned kMoreFollow = 15;
  constexpr unsigned kEvenMore = 255;
  const unsigned literals = r.u8() >> 4U;
  if (literals == 0) return false;
  if (literals == kMoreFollow)
    while (r.u8() == kEvenMore) {
    }
  return r.u8() == 0 && r.ok();
}

}  // namespace

bool is_block(std::string_view octets) {
  if (octets.size() <= kBlockTrailer) return false;
  const std::size_t size = octets.size() - kBlockTrailer;
  const auto compression = static_cast<std::uint8_t>(octets[size]);
  return is_known(compression) && block_checksum(checksum(octets.substr(0, size)), compression) ==
                                      little_endian<std::uint32_t>(octets.substr(size + 1));
}

std::optional<std::string> unpack_block(std::string_view octets) {
  const std::size_t length = octets.size() - kBlockTrailer;
  const std::string_view packed = octets.substr(0, length);
  if (length > kMost) return std::nullopt;
  if (static_cast<std::uint8_t>(octets[length]) == kPlain) return std::string(packed);
  ByteReader r(packed);
  const std::uint64_t size = r.varint();
  if (!r.ok() || size > kMost) return std::nullopt;
  std::string out(size, '\0');
  const int got = LZ4_decompress_safe(r.rest().data(), out.data(),
                                      static_cast<int>(r.rest().size()), static_cast<int>(size));
  if (got < 0 || static_cast<std::uint64_t>(got) != size) return std::nullopt;
  return out;
}

bool BlockSearch::may_begin(std::string_view octets) {
  const ByteReader r(octets);
  return may_begin_plain(r) || may_begin_packed(r);
}

std::uint64_t BlockSearch::length_at(std::string_view octets, std::uint64_t longest) {
  checksum_.restart();
  std::uint64_t added = 0;
  std::uint64_t tried = 0;
  for (std::uint64_t size = 1; size <= longest && size + kBlockTrailer <= octets.size(); ++size) {
    ++tried;
    const auto compression = static_cast<std::uint8_t>(octets[size]);
    if (!is_known(compression)) continue;
    spend(tried + kOfChecksum);
    tried = 0;
    if (exhausted()) return 0;
    checksum_.add(octets.substr(added, size - added));
    added = size;
    if (block_checksum(checksum_.value(), compression) ==
        little_endian<std::uint32_t>(octets.substr(size + 1, sizeof(std::uint32_t))))
      return size;
  }
  spend(tried);
  return 0;
}

}  // namespace posthorn::engine::rocks
