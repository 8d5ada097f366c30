#pragma once

#include <bit>
#include <cstring>
#include <string_view>

namespace posthorn::message {

/// Returns the integer at `at`. Requires: it lies within `bytes`.
template <class Int>
Int load_big_endian(std::string_view bytes, std::size_t at) {
  Int value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  return value;
}

}  // namespace posthorn::message
