#include "store/filter/grams.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace posthorn::store {
namespace {

// The high bits of a product with an odd constant depend on all octets of the gram.
constexpr Gram hash(std::uint32_t octets, std::uint32_t factor) {
  return (octets * factor) >> (32 - kGramBits);
}
constexpr Gram gram_of_3(std::uint32_t last) { return hash(last & 0xFF'FFFF, 0x9E37'79B1); }
constexpr Gram gram_of_4(std::uint32_t last) { return hash(last, 0x85EB'CA77); }

constexpr std::uint32_t shifted(std::uint32_t last, char next) {
  return last << 8 | static_cast<unsigned char>(next);
}

}  // namespace

void GramCollector::add(std::string_view folded) {
  std::size_t i = 0;
  for (; i < folded.size() && known_ < 3; ++i) {
    last_ = shifted(last_, folded[i]);
    if (++known_ == 3) set(gram_of_3(last_));
  }
  std::uint32_t last = last_;
  for (; i < folded.size(); ++i) {
    last = shifted(last, folded[i]);
    set(gram_of_3(last));
    set(gram_of_4(last));
  }
  last_ = last;
}

Signature GramCollector::finish() {
  std::size_t grams = 0;
  for (const std::uint64_t word : seen_) grams += static_cast<std::size_t>(std::popcount(word));
  Signature out;
  // At least one row and a half for each gram.
  while (out.size + 1U < kSizes && std::size_t{2} * kRows[out.size] < 3 * grams) ++out.size;
  const std::uint32_t rows = out.rows();
  if (rows == kGramRange) {
    out.words = seen_;
  } else {
    out.words.resize(rows / 64);
    for (std::size_t w = 0; w < seen_.size(); ++w) {
      for (std::uint64_t bits = seen_[w]; bits != 0; bits &= bits - 1) {
        const auto gram = static_cast<Gram>(w * 64 + static_cast<unsigned>(std::countr_zero(bits)));
        const std::uint32_t row = row_of(gram, rows);
        out.words[row / 64] |= std::uint64_t{1} << row % 64;
      }
    }
  }
  std::ranges::fill(seen_, 0);
  begin();
  return out;
}

std::vector<Gram> grams_of(std::string_view needle) {
  // Each gram of four makes a wrong candidate less than half as likely, but costs a read.
  constexpr std::size_t kMost = 14;
  std::vector<Gram> of_3;
  std::vector<Gram> of_4;
  std::uint32_t last = 0;
  for (std::size_t i = 0; i < needle.size(); ++i) {
    last = shifted(last, needle[i]);
    if (i >= 2) of_3.push_back(gram_of_3(last));
    if (i >= 3) of_4.push_back(gram_of_4(last));
  }
  // Those of four octets are rarer; taken evenly over a long needle.
  std::vector<Gram> out;
  const std::size_t wanted = std::min(kMost, of_4.size());
  for (std::size_t i = 0; i < wanted; ++i) out.push_back(of_4[i * of_4.size() / wanted]);
  for (std::size_t i = 0; i < of_3.size() && out.size() < kMost; ++i) out.push_back(of_3[i]);
  std::ranges::sort(out);
  const auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
  return out;
}

}  // namespace posthorn::store
