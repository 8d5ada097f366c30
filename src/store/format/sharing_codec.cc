#include "store/format/sharing_codec.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "store/format/codec.h"
#include "store/format/codec_parts.h"
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

namespace {

/// Nothing, if there are no own flags but \Seen: that is also how a version wrote the record that
/// knew no others.
void write_marks(ByteWriter& w, const ReaderFlags& flags) {
  if (flags.flagged.empty() && flags.answered.empty() && flags.keywords.empty()) return;
  write_numbers(w, flags.flagged);
  write_numbers(w, flags.answered);
  w.varint(flags.keywords.sets().size());
  for (const OwnKeywords::Set& set : flags.keywords.sets()) write_set(w, set);
  w.varint(flags.keywords.runs().size());
  std::uint64_t next = 1;
  for (const OwnKeywords::Run& run : flags.keywords.runs()) {
    w.varint(run.first - next);
    w.varint(run.last - run.first);
    w.varint(run.set);
    next = std::uint64_t{run.last} + 1;
  }
}

void read_marks(ByteReader& r, ReaderFlags& flags) {
  flags.flagged = read_numbers(r);
  flags.answered = read_numbers(r);
  std::vector<OwnKeywords::Set> sets;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) sets.push_back(read_set(r));
  std::vector<OwnKeywords::Run> runs;
  std::uint64_t next = 1;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    const std::uint64_t gap = r.varint();
    const std::uint64_t more = r.varint();
    const std::uint64_t set = r.varint();
    // Each of them is checked before they are added.
    if (gap > UINT32_MAX || more > UINT32_MAX || set > UINT32_MAX || next + gap + more > UINT32_MAX)
      return r.set_failed();
    runs.push_back({static_cast<std::uint32_t>(next + gap),
                    static_cast<std::uint32_t>(next + gap + more),
                    static_cast<std::uint32_t>(set)});
    next = std::uint64_t{runs.back().last} + 1;
  }
  if (!flags.keywords.assign(sets, std::move(runs))) r.set_failed();
}

}  // namespace

std::string encode_reader_flags(const ReaderFlags& seen) {
  std::string payload;
  ByteWriter w(payload);
  write_numbers(w, seen.seen);
  write_numbers(w, seen.unseen);
  w.varint(seen.steps.size());
  std::uint64_t last = 0;
  for (const ReaderFlags::Step& step : seen.steps) {
    w.varint(step.modseq.value - last);
    last = step.modseq.value;
    write_numbers(w, step.uids);
  }
  write_marks(w, seen);
  return seal_page(payload);
}

Result<ReaderFlags> decode_reader_flags(std::string_view record) {
  auto payload = unseal_page(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  ReaderFlags seen;
  seen.seen = read_numbers(r);
  seen.unseen = read_numbers(r);
  std::uint64_t modseq = 0;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    modseq += r.varint();
    seen.steps.push_back({ModSeq(modseq), read_numbers(r)});
  }
  if (r.ok() && !r.at_end()) read_marks(r, seen);
  if (!r.ok() || !r.at_end())
    return fail(ErrorKind::corrupt, "the flags of a reader cannot be read");
  return seen;
}

}  // namespace posthorn::store
