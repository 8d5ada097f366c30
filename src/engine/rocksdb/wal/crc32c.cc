#include "engine/rocksdb/wal/crc32c.h"

#include <array>
#include <cstddef>

namespace posthorn::engine::rocks {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78U;  // Bit-reversed.
constexpr std::size_t kStride = 8;

/// `tables[k][b]` is the effect of byte `b` on the checksum `k` bytes later. Eight bytes are
/// processed at once ("slicing by 8"), which is about eight times faster than one at a time.
using Tables = std::array<std::array<std::uint32_t, 256>, kStride>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < kStride; ++k)
    for (std::size_t byte = 0; byte < 256; ++byte)
      tables[k][byte] = (tables[k - 1][byte] >> 8U) ^ tables[0][tables[k - 1][byte] & 0xffU];
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) {
  crc = ~crc;
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  while (bytes.size() >= kStride) {
    crc = kTables[7][(crc ^ at(0)) & 0xffU] ^ kTables[6][((crc >> 8U) ^ at(1)) & 0xffU] ^
          kTables[5][((crc >> 16U) ^ at(2)) & 0xffU] ^ kTables[4][(crc >> 24U) ^ at(3)] ^
          kTables[3][at(4)] ^ kTables[2][at(5)] ^ kTables[1][at(6)] ^ kTables[0][at(7)];
    bytes.remove_prefix(kStride);
  }
  for (const char c : bytes)
    crc = (crc >> 8U) ^ kTables[0][(crc ^ static_cast<std::uint8_t>(c)) & 0xffU];
  return ~crc;
}

}  // namespace posthorn::engine::rocks
