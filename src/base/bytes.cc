#include "base/bytes.h"

#include <xxhash.h>

namespace posthorn {

void ByteWriter::varint(std::uint64_t v) {
  while (v >= 0x80) {
    u8(static_cast<std::uint8_t>(v | 0x80));
    v >>= 7;
  }
  u8(static_cast<std::uint8_t>(v));
}

void ByteWriter::svarint(std::int64_t v) {
  varint(static_cast<std::uint64_t>(v) << 1 ^ static_cast<std::uint64_t>(v >> 63));
}

void ByteWriter::bytes(std::string_view v) {
  varint(v.size());
  raw(v);
}

std::uint64_t ByteReader::varint() {
  std::uint64_t v = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (in_.empty()) break;
    const auto b = static_cast<std::uint8_t>(in_.front());
    in_.remove_prefix(1);
    v |= static_cast<std::uint64_t>(b & 0x7f) << shift;
    if (b < 0x80) return v;
  }
  set_failed();
  return 0;
}

std::int64_t ByteReader::svarint() {
  const std::uint64_t z = varint();
  return static_cast<std::int64_t>(z >> 1 ^ (~(z & 1) + 1));
}

std::string_view ByteReader::bytes() {
  const std::uint64_t length = varint();
  if (length > in_.size()) {
    set_failed();
    return {};
  }
  return raw(static_cast<std::size_t>(length));
}

std::string_view ByteReader::raw(std::size_t length) {
  if (length > in_.size()) {
    set_failed();
    return {};
  }
  const std::string_view v = in_.substr(0, length);
  in_.remove_prefix(length);
  return v;
}

std::uint64_t checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

bool equal_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |=
        static_cast<unsigned char>(a[i]) ^ static_cast<unsigned>(static_cast<unsigned char>(b[i]));
  }
  return difference == 0;
}

}  // namespace posthorn
