#include "store/format/directory_rows.h"

#include <algorithm>

#include "base/bytes.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/format/record.h"

namespace posthorn::store {
namespace {

/// What an address is.
constexpr std::uint8_t kAccount = 0;
constexpr std::uint8_t kAlias = 1;
constexpr std::uint8_t kTargets = 2;

}  // namespace

std::string encode_address(const AddressEntry& entry) {
  std::string out;
  ByteWriter w(out);
  w.raw(entry.account.view());
  w.u8(!entry.targets.empty() ? kTargets : entry.alias ? kAlias : kAccount);
  if (!entry.targets.empty()) {
    w.varint(entry.targets.size());
    for (const std::string& target : entry.targets) w.bytes(target);
  }
  return seal(out);
}

Result<AddressEntry> decode_address(std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  AddressEntry entry;
  std::ranges::copy(r.raw(entry.account.bytes.size()),
                    reinterpret_cast<char*>(entry.account.bytes.data()));
  const std::uint8_t kind = r.u8();
  entry.alias = kind != kAccount;
  if (kind == kTargets) {
    const std::uint64_t count = r.varint();
    if (count > AddressEntry::kMaxTargets) r.set_failed();
    for (std::uint64_t i = 0; i < count && r.ok(); ++i) entry.targets.emplace_back(r.bytes());
  }
  if (!r.ok()) return fail(ErrorKind::corrupt, "an address record cannot be read");
  return entry;
}

std::string encode_removal(const AccountRemoval& removal) {
  std::string out;
  ByteWriter w(out);
  w.u64(static_cast<std::uint64_t>(removal.since));
  std::size_t octets = 0;
  std::size_t count = 0;
  for (const std::string& alias : removal.aliases) {
    octets += alias.size();
    if (octets > AccountRemoval::kMaxAliasOctets) break;
    ++count;
  }
  w.u8(removal.was_disabled ? 1 : 0);
  w.varint(count);
  for (std::size_t i = 0; i < count; ++i) w.bytes(removal.aliases[i]);
  return seal(out);
}

Result<AccountRemoval> decode_removal(std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  AccountRemoval removal;
  removal.since = static_cast<std::int64_t>(r.u64());
  if (r.ok() && !r.at_end()) {
    removal.was_disabled = r.u8() != 0;
    for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n)
      removal.aliases.emplace_back(r.bytes());
  }
  if (!r.ok()) return fail(ErrorKind::corrupt, "the record of a removed account cannot be read");
  return removal;
}

async::Task<Result<AccountProfile>> read_profile(engine::Engine& engine, AccountId id) {
  auto row = co_await engine.get_row(id, keys::profile());
  if (!row) co_return pass(row);
  if (!*row) co_return fail(ErrorKind::not_found, "No such account");
  co_return decode_profile(**row);
}

}  // namespace posthorn::store
