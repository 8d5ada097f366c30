#include "store/filter/filter_block.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "store/format/record.h"

namespace posthorn::store {
namespace {

using Matrix = FilterDirectory::Matrix;

/// A part of about this size is read for one gram.
constexpr std::size_t kPartOctets = 32 << 10;

/// Transposes 64 rows of 64 bits: bit i of row j becomes bit j of row i.
void transpose(std::array<std::uint64_t, 64>& rows) {
  std::uint64_t mask = 0x0000'0000'FFFF'FFFF;
  for (unsigned width = 32; width != 0; width >>= 1, mask ^= mask << width) {
    for (unsigned i = 0; i < 64; i = (i + width + 1) & ~width) {
      const std::uint64_t swapped = ((rows[i] >> width) ^ rows[i + width]) & mask;
      rows[i] ^= swapped << width;
      rows[i + width] ^= swapped;
    }
  }
}

std::uint64_t little(std::uint64_t v) {
  return std::endian::native == std::endian::big ? std::byteswap(v) : v;
}

/// The signatures of one size as a matrix of bits: rows one after another, each of `stride` octets.
std::string make_matrix(std::span<const SignedMessage* const> columns, std::size_t stride) {
  const std::size_t rows = columns.front()->signature.rows();
  std::string out(rows * stride, '\0');
  std::array<std::uint64_t, 64> block;
  for (std::size_t c = 0; c < columns.size(); c += 64) {
    const std::size_t used = std::min<std::size_t>(64, columns.size() - c);
    const std::size_t octets = (used + 7) / 8;
    for (std::size_t w = 0; w < rows / 64; ++w) {
      block.fill(0);
      for (std::size_t i = 0; i < used; ++i) block[i] = columns[c + i]->signature.words[w];
      transpose(block);
      for (std::size_t r = 0; r < 64; ++r) {
        const std::uint64_t bits = little(block[r]);
        std::memcpy(out.data() + (w * 64 + r) * stride + c / 8, &bits, octets);
      }
    }
  }
  return out;
}

/// The reverse.
void take_columns(const Matrix& matrix, std::string_view bits, std::vector<SignedMessage>& out) {
  const std::size_t rows = kRows[matrix.size];
  const std::size_t stride = matrix.stride();
  std::array<std::uint64_t, 64> block;
  for (std::size_t c = 0; c < matrix.columns.size(); c += 64) {
    const std::size_t used = std::min<std::size_t>(64, matrix.columns.size() - c);
    const std::size_t begin = out.size();
    for (std::size_t i = 0; i < used; ++i)
      out.push_back({matrix.columns[c + i], {matrix.size, std::vector<std::uint64_t>(rows / 64)}});
    for (std::size_t w = 0; w < rows / 64; ++w) {
      for (std::size_t r = 0; r < 64; ++r) {
        std::uint64_t word = 0;
        std::memcpy(&word, bits.data() + (w * 64 + r) * stride + c / 8, (used + 7) / 8);
        block[r] = little(word);
      }
      transpose(block);
      for (std::size_t i = 0; i < used; ++i) out[begin + i].signature.words[w] = block[i];
    }
  }
}

std::string plain_page(std::string_view payload) {
  std::string out;
  const std::size_t begun = begin_plain_page(out);
  out += payload;
  end_plain_page(out, begun);
  return out;
}

}  // namespace

FilterPages encode_filter(Ordinal first, std::span<const SignedMessage> messages) {
  std::array<std::vector<const SignedMessage*>, kSizes> by_size;
  std::size_t octets = 0;
  for (const SignedMessage& message : messages) {
    by_size[message.signature.size].push_back(&message);
    octets += message.signature.rows() / 8;
  }
  unsigned part_bits = 0;
  while (part_bits < kMostPartBits && octets >> part_bits > kPartOctets) ++part_bits;
  std::string directory;
  ByteWriter w(directory);
  w.u8(static_cast<std::uint8_t>(part_bits));
  w.u8(static_cast<std::uint8_t>(
      std::ranges::count_if(by_size, [](const auto& some) { return !some.empty(); })));
  std::vector<std::string> parts(std::size_t{1} << part_bits);
  for (std::size_t size = 0; size < kSizes; ++size) {
    const auto& columns = by_size[size];
    if (columns.empty()) continue;
    w.u8(static_cast<std::uint8_t>(size));
    w.varint(columns.size());
    std::uint64_t before = first.value;
    for (const SignedMessage* message : columns) {
      w.varint(message->ordinal.value - before);
      before = message->ordinal.value;
    }
    const std::string matrix = make_matrix(columns, (columns.size() + 7) / 8);
    const std::size_t slice = matrix.size() / parts.size();
    for (std::size_t p = 0; p < parts.size(); ++p) parts[p].append(matrix, p * slice, slice);
  }
  FilterPages out{seal_page(directory), {}};
  for (const std::string& part : parts) out.parts.push_back(plain_page(part));
  return out;
}

Result<FilterDirectory> FilterDirectory::decode(Ordinal first, Ordinal last,
                                                std::string_view record) {
  auto payload = unseal_page(record);
  if (!payload) return pass(payload);
  const auto malformed = [] {
    return fail(ErrorKind::corrupt, "the directory of a search filter cannot be read");
  };
  FilterDirectory out;
  ByteReader r(*payload);
  out.part_bits_ = r.u8();
  if (out.part_bits_ > kMostPartBits) return malformed();
  for (unsigned n = r.u8(); n > 0 && r.ok(); --n) {
    Matrix matrix;
    matrix.size = r.u8();
    if (matrix.size >= kSizes) return malformed();
    if (!out.matrices_.empty() && matrix.size <= out.matrices_.back().size) return malformed();
    const std::uint64_t count = r.varint();
    // Each column takes at least one octet.
    if (count == 0 || count > r.rest().size()) return malformed();
    matrix.columns.reserve(count);
    std::uint64_t at = first.value;
    for (std::uint64_t i = 0; i < count && r.ok(); ++i) {
      const std::uint64_t step = r.varint();
      if (step > last.value - at || (i > 0 && step == 0)) return malformed();
      at += step;
      matrix.columns.emplace_back(at);
    }
    out.matrices_.push_back(std::move(matrix));
  }
  if (!r.ok() || !r.at_end()) return malformed();
  return out;
}

std::size_t FilterDirectory::part_size() const {
  std::size_t octets = 0;
  for (const Matrix& matrix : matrices_)
    octets += (kRows[matrix.size] >> part_bits_) * matrix.stride();
  return octets;
}

Result<std::string> FilterDirectory::open_part(std::string_view record) const {
  auto payload = unseal_page(record);
  if (payload && payload->size() != part_size())
    return fail(ErrorKind::corrupt, "a part of a search filter has the wrong size");
  return payload;
}

std::vector<SignedMessage> FilterDirectory::signatures(std::span<const std::string> parts) const {
  std::vector<SignedMessage> out;
  std::size_t at = 0;
  for (const Matrix& matrix : matrices_) {
    const std::size_t slice = (kRows[matrix.size] >> part_bits_) * matrix.stride();
    std::string bits;
    for (const std::string& part : parts) bits.append(part, at, slice);
    at += slice;
    take_columns(matrix, bits, out);
  }
  std::ranges::sort(out, {}, &SignedMessage::ordinal);
  return out;
}

FilterColumns::FilterColumns(const FilterDirectory& directory) : directory_(directory) {
  for (const Matrix& matrix : directory.matrices()) left_.emplace_back(matrix.stride(), 0xFF);
}

void FilterColumns::narrow(Gram gram, std::string_view part) {
  const std::size_t number = directory_.part_of(gram);
  std::size_t at = 0;
  for (std::size_t m = 0; m < left_.size(); ++m) {
    const std::uint32_t rows = kRows[directory_.matrices()[m].size];
    const std::size_t in_part = rows / directory_.parts();
    std::vector<std::uint8_t>& left = left_[m];
    const char* row = part.data() + at + (row_of(gram, rows) - number * in_part) * left.size();
    for (std::size_t i = 0; i < left.size(); ++i) left[i] &= static_cast<std::uint8_t>(row[i]);
    at += in_part * left.size();
  }
}

}  // namespace posthorn::store
