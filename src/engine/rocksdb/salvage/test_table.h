#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "engine/rocksdb/little_endian.h"

/// Makes tables as RocksDB writes them (table_file.h), and such as it never would.
namespace posthorn::engine::rocks::test {

/// A key with its trailer.
inline std::string stored_key(std::string_view key, std::uint64_t sequence, std::uint8_t kind = 1) {
  std::string out(key);
  put_little_endian(out, sequence << 8U | kind);
  return out;
}

/// An entry that repeats `shared` octets of the key before.
inline std::string entry(std::string_view own, std::string_view value, std::uint64_t shared = 0) {
  std::string out;
  ByteWriter w(out);
  w.varint(shared);
  w.varint(own.size());
  w.varint(value.size());
  w.raw(own);
  w.raw(value);
  return out;
}

/// A block of entries, with the list of places where a key is complete: the first.
inline std::string block_of(std::string entries) {
  put_little_endian(entries, std::uint32_t{0});
  put_little_endian(entries, std::uint32_t{1});
  return entries;
}

/// With a right checksum.
inline std::string with_trailer(std::string block) {
  const auto sum = static_cast<std::uint32_t>(checksum(block));
  block.push_back(0);  // Not compressed.
  put_little_endian(block, sum);
  return block;
}

inline std::string properties(std::uint64_t data_octets, std::string_view family = "rows") {
  const auto number = [](std::uint64_t n) {
    std::string out;
    ByteWriter(out).varint(n);
    return out;
  };
  return block_of(entry("rocksdb.block.based.table.index.type", std::string(4, '\0')) +
                  entry("rocksdb.column.family.id", number(1)) +
                  entry("rocksdb.column.family.name", family) +
                  entry("rocksdb.data.size", number(data_octets)));
}

/// The index of blocks of these lengths, trailers not counted.
inline std::string index_of(const std::vector<std::uint64_t>& lengths) {
  std::string entries;
  std::uint64_t at = 0;
  for (const std::uint64_t length : lengths) {
    ByteWriter w(entries);
    w.varint(0);
    w.varint(1);
    w.raw("k");
    w.varint(at);
    w.varint(length);
    at += length + 5;
  }
  return block_of(std::move(entries));
}

/// A table with these octets in front, which are its blocks with entries.
inline std::string table_of(std::string data, std::string index) {
  std::string out = std::move(data);
  const std::uint64_t data_octets = out.size();
  const std::uint64_t index_at = out.size();
  const std::uint64_t index_octets = index.size();
  out += with_trailer(std::move(index));
  out += with_trailer(properties(data_octets));
  std::string footer(1, '\4');
  ByteWriter w(footer);
  for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{0}, index_at, index_octets})
    w.varint(n);
  footer.resize(41);
  put_little_endian(footer, std::uint32_t{5});
  put_little_endian(footer, std::uint64_t{0x88e241b785f4cff7});
  return out + footer;
}

}  // namespace posthorn::engine::rocks::test
