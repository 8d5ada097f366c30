#include "store/texts/texts_catalog.h"

#include "base/bytes.h"
#include "message/digest/digest.h"
#include "store/format/record.h"

namespace posthorn::store {

std::uint32_t texts_maker() {
  return std::uint32_t{kTextsVersion} << 8 | std::uint32_t{message::kStructureVersion};
}

std::string encode_texts_ref(const TextsRef& ref) {
  std::string out;
  ByteWriter w(out);
  w.varint(ref.last.value - ref.first.value);
  w.varint(ref.page.value);
  w.u32(ref.maker);
  return seal(out);
}

Result<TextsRef> decode_texts_ref(Ordinal first, std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  TextsRef ref;
  ref.first = first;
  ref.last.value = first.value + r.varint();
  ref.page.value = r.varint();
  ref.maker = r.u32();
  if (!r.ok() || ref.last < first)
    return fail(ErrorKind::corrupt, "a stored list of attachments' text cannot be read");
  return ref;
}

TextsRef TextsRef::of_row(const engine::Row& row) {
  const Ordinal first(keys::last_number(row.key));
  if (auto ref = decode_texts_ref(first, row.value)) return *ref;
  return {first, first, PageNumber(0), 0};
}

std::optional<Ordinal> first_without_texts(const TextsCatalog::Refs& refs, const GroupRef& group) {
  Ordinal at = group.first;
  while (at <= group.last) {
    const TextsRef* const ref = TextsCatalog::find(refs, at);
    if (ref == nullptr) return at;
    at = Ordinal(ref->last.value + 1);
  }
  return std::nullopt;
}

template class RangeCatalog<TextsRef>;

}  // namespace posthorn::store
