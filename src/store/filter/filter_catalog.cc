#include "store/filter/filter_catalog.h"

#include "base/bytes.h"
#include "message/digest/digest.h"
#include "store/filter/filter_block.h"
#include "store/format/record.h"
#include "text/fold.h"

namespace posthorn::store {

std::uint32_t filter_maker() {
  return std::uint32_t{kFilterVersion} << 24 | std::uint32_t{message::kStructureVersion} << 16 |
         text::tables_version();
}

std::vector<PageNumber> FilterRef::pages() const {
  std::vector<PageNumber> all;
  for (std::uint64_t i = 0; i <= parts; ++i) all.emplace_back(page.value + i);
  return all;
}

std::string encode_filter_ref(const FilterRef& ref) {
  std::string out;
  ByteWriter w(out);
  w.varint(ref.last.value - ref.first.value);
  w.varint(ref.page.value);
  w.varint(ref.parts);
  w.u32(ref.maker);
  return seal(out);
}

Result<FilterRef> decode_filter_ref(Ordinal first, std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  FilterRef ref;
  ref.first = first;
  const std::uint64_t more = r.varint();
  ref.last.value = first.value + more;
  ref.page.value = r.varint();
  const std::uint64_t parts = r.varint();
  ref.parts = static_cast<std::uint32_t>(parts);
  ref.maker = r.u32();
  if (!r.ok() || ref.last < first || parts > kMostParts)
    return fail(ErrorKind::corrupt, "a stored search filter cannot be read");
  return ref;
}

FilterRef FilterRef::of_row(const engine::Row& row) {
  const Ordinal first(keys::last_number(row.key));
  if (auto ref = decode_filter_ref(first, row.value)) return *ref;
  return {first, first, PageNumber(0), 0, 0};
}

template class RangeCatalog<FilterRef>;

}  // namespace posthorn::store
