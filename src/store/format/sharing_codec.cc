#include "store/format/sharing_codec.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "store/format/codec.h"
#include "store/format/record.h"

namespace posthorn::store {
namespace {

constexpr std::uint8_t kTakesAway = 1;
constexpr std::uint8_t kSubscribed = 2;

}  // namespace

std::string encode_grant(const Grant& grant) {
  std::string payload;
  ByteWriter w(payload);
  w.u8(static_cast<std::uint8_t>(grant.to));
  w.u8(static_cast<std::uint8_t>((grant.sign == Grant::Sign::takes_away ? kTakesAway : 0) |
                                 (grant.subscribed ? kSubscribed : 0)));
  w.varint(grant.rights.bits());
  switch (grant.to) {
    case Grant::To::account: w.raw(grant.account.view()); break;
    case Grant::To::anyone: break;
    case Grant::To::group: w.bytes(grant.group); break;
  }
  return seal(payload);
}

Result<Grant> decode_grant(std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  Grant grant;
  const std::uint8_t to = r.u8();
  const std::uint8_t bits = r.u8();
  grant.to = static_cast<Grant::To>(to);
  if ((bits & kTakesAway) != 0) grant.sign = Grant::Sign::takes_away;
  grant.subscribed = (bits & kSubscribed) != 0;
  grant.rights = Rights::from_bits(r.varint());
  switch (grant.to) {
    case Grant::To::account:
      std::ranges::copy(r.raw(grant.account.bytes.size()), grant.account.bytes.begin());
      break;
    case Grant::To::anyone: break;
    case Grant::To::group: grant.group = r.bytes(); break;
    default: r.set_failed();
  }
  if (!r.ok() || !r.at_end())
    return fail(ErrorKind::corrupt, "an entry of an access control list cannot be read");
  return grant;
}

std::string encode_reader_seen(const ReaderSeen& seen) {
  std::string payload;
  ByteWriter w(payload);
  write_numbers(w, seen.seen);
  write_numbers(w, seen.unseen);
  w.varint(seen.steps.size());
  std::uint64_t last = 0;
  for (const ReaderSeen::Step& step : seen.steps) {
    w.varint(step.modseq.value - last);
    last = step.modseq.value;
    write_numbers(w, step.uids);
  }
  return seal_page(payload);
}

Result<ReaderSeen> decode_reader_seen(std::string_view record) {
  auto payload = unseal_page(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  ReaderSeen seen;
  seen.seen = read_numbers(r);
  seen.unseen = read_numbers(r);
  std::uint64_t modseq = 0;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    modseq += r.varint();
    seen.steps.push_back({ModSeq(modseq), read_numbers(r)});
  }
  if (!r.ok() || !r.at_end())
    return fail(ErrorKind::corrupt, "what a reader has seen cannot be read");
  return seen;
}

}  // namespace posthorn::store
