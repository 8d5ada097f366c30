#include "store/format/directory_rows.h"

#include <algorithm>

#include "base/bytes.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/format/record.h"

namespace posthorn::store {

std::string encode_address(const AddressEntry& entry) {
  std::string out;
  ByteWriter w(out);
  w.raw(entry.account.view());
  w.u8(entry.alias ? 1 : 0);
  return seal(out);
}

Result<AddressEntry> decode_address(std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  AddressEntry entry;
  std::ranges::copy(r.raw(entry.account.bytes.size()),
                    reinterpret_cast<char*>(entry.account.bytes.data()));
  entry.alias = r.u8() != 0;
  if (!r.ok()) return fail(ErrorKind::corrupt, "an address record cannot be read");
  return entry;
}

async::Task<Result<AccountProfile>> read_profile(engine::Engine& engine, AccountId id) {
  auto row = co_await engine.get_row(id, keys::profile());
  if (!row) co_return pass(row);
  if (!*row) co_return fail(ErrorKind::not_found, "No such account");
  co_return decode_profile(**row);
}

}  // namespace posthorn::store
