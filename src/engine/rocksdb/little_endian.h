#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Integers as RocksDB's files have them: of fixed width, least octet first. (Its varints are those
/// of base/bytes.h.)
namespace posthorn::engine::rocks {

/// Requires: at least as many octets as `Int` has.
template <class Int>
Int little_endian(std::string_view bytes) {
  Int v = 0;
  for (std::size_t i = sizeof(Int); i-- > 0;)
    v = static_cast<Int>(v << 8U | static_cast<std::uint8_t>(bytes[i]));
  return v;
}

template <class Int>
void put_little_endian(std::string& out, Int v) {
  for (std::size_t i = 0; i < sizeof(Int); ++i) out.push_back(static_cast<char>(v >> (8 * i)));
}

}  // namespace posthorn::engine::rocks
