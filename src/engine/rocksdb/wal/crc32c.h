#pragma once

#include <cstdint>
#include <string_view>

namespace posthorn::engine::rocks {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), continued from `crc`. The checksum of RocksDB's log
/// records.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);

/// Masks a checksum as RocksDB stores it. (A plain CRC over data that contains CRCs is weak.)
constexpr std::uint32_t mask_crc(std::uint32_t crc) {
  constexpr std::uint32_t kDelta = 0xa282ead8U;
  return ((crc >> 15U) | (crc << 17U)) + kDelta;
}

}  // namespace posthorn::engine::rocks
