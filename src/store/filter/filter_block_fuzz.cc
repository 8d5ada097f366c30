#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "store/filter/filter_block.h"
#include "store/filter/filter_catalog.h"
#include "store/format/record.h"

// Arbitrary payloads as the row, the directory and the parts of a search filter: no crash, no
// access outside of them, and no message that the filter is not for.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posthorn;
  using namespace posthorn::store;
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  constexpr Ordinal kFirst(1000);
  constexpr Ordinal kLast(70'000);
  if (const auto ref = decode_filter_ref(kFirst, seal(in)))
    if (ref->pages().size() != ref->parts + std::size_t{1}) std::abort();
  // The first octet says how much of the rest is the directory.
  if (in.empty()) return 0;
  const std::size_t split = std::min<std::size_t>(data[0], size - 1);
  const auto directory = FilterDirectory::decode(kFirst, kLast, seal_page(in.substr(1, split)));
  if (!directory) return 0;
  for (const FilterDirectory::Matrix& matrix : directory->matrices())
    for (const Ordinal ordinal : matrix.columns)
      if (ordinal < kFirst || kLast < ordinal) std::abort();
  // The parts have the right size and what the input still has as their bits.
  std::string part(in.substr(1 + split));
  (void)directory->open_part(seal_page(part));
  part.resize(directory->part_size());
  const std::vector<std::string> parts(directory->parts(), part);
  FilterColumns columns(*directory);
  for (Gram gram = 0; gram < kGramRange; gram += kGramRange / 64 + 1) columns.narrow(gram, part);
  std::size_t absent = 0;
  columns.for_each_absent([&](Ordinal) { ++absent; });
  const auto messages = directory->signatures(parts);
  if (absent > messages.size()) std::abort();
  const FilterPages again = encode_filter(kFirst, messages);
  if (!FilterDirectory::decode(kFirst, kLast, again.directory)) std::abort();
  return 0;
}
