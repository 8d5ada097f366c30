#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace posthorn {

/// Appends numbers and byte strings to a std::string, in the encodings of docs/storage-format.md.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}
  void u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void u16(std::uint16_t v) { big_endian(v); }
  void u32(std::uint32_t v) { big_endian(v); }
  void u64(std::uint64_t v) { big_endian(v); }
  /// LEB128: seven bits per byte, least significant first, at most ten bytes.
  void varint(std::uint64_t v);
  /// Zigzag, then varint.
  void svarint(std::int64_t v);
  /// The length as varint, then the bytes.
  void bytes(std::string_view v);
  void raw(std::string_view v) { out_.append(v); }

 private:
  template <class Int>
  void big_endian(Int v) {
    for (int shift = static_cast<int>(sizeof v) * 8 - 8; shift >= 0; shift -= 8)
      out_.push_back(static_cast<char>(v >> shift));
  }
  std::string& out_;
};

/// Reads what ByteWriter wrote. Reading past the end or a malformed varint returns zeros and puts
/// the reader into a failed state that it keeps, so it is enough to check `ok()` once at the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian<std::uint8_t>()); }
  std::uint16_t u16() { return big_endian<std::uint16_t>(); }
  std::uint32_t u32() { return big_endian<std::uint32_t>(); }
  std::uint64_t u64() { return big_endian<std::uint64_t>(); }
  std::uint64_t varint();
  std::int64_t svarint();
  std::string_view bytes();
  std::string_view raw(std::size_t length);
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return in_.empty(); }
  [[nodiscard]] std::string_view rest() const { return in_; }
  void set_failed() {
    ok_ = false;
    in_ = {};
  }

 private:
  template <class Int>
  Int big_endian() {
    if (in_.size() < sizeof(Int)) {
      set_failed();
      return 0;
    }
    Int v = 0;
    for (std::size_t i = 0; i < sizeof(Int); ++i)
      v = static_cast<Int>(v << 8 | static_cast<std::uint8_t>(in_[i]));
    in_.remove_prefix(sizeof(Int));
    return v;
  }
  std::string_view in_;
  bool ok_ = true;
};

/// XXH3 with 64 bits, the checksum of every stored record. It detects accidental damage, not
/// deliberate changes.
std::uint64_t checksum(std::string_view bytes);

/// Compares secrets. The time taken depends on the lengths only.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace posthorn
