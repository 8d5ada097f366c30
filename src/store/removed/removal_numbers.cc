#include "store/removed/removal_numbers.h"

#include "base/bytes.h"
#include "store/format/record.h"

namespace posthorn::store {

std::string encode_removal_numbers(const RemovalNumbers& numbers) {
  std::string out;
  ByteWriter w(out);
  w.varint(numbers.uid_validity.value);
  w.varint(numbers.seq.value);
  w.varint(numbers.uid_next.value);
  return seal(out);
}

Result<RemovalNumbers> decode_removal_numbers(std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  RemovalNumbers numbers;
  numbers.uid_validity.value = static_cast<std::uint32_t>(r.varint());
  numbers.seq.value = r.varint();
  numbers.uid_next.value = static_cast<std::uint32_t>(r.varint());
  if (!r.ok() || numbers.uid_validity.value == 0 || numbers.uid_next.value == 0)
    return fail(ErrorKind::corrupt, "the numbers of removals cannot be read");
  return numbers;
}

}  // namespace posthorn::store
