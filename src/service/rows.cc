#include "service/rows.h"

#include <algorithm>

namespace posthorn::service {
namespace {
constexpr SystemFlags kGoneFlags = bit(SystemFlag::seen) | bit(SystemFlag::deleted);
}

RowReader::RowReader(const Membership& told, const store::Mailbox& now, NumberSet seqnums)
    : told_(told),
      now_(now),
      seqnums_(std::move(seqnums)),
      same_(told.is(now.contents->shared_members())) {}

bool RowReader::next(std::vector<Row>& rows, std::size_t limit, ModSeq changed_since) {
  rows.clear();
  const auto& ranges = seqnums_.ranges();
  while (rows.size() < limit && range_ < ranges.size()) {
    const std::uint32_t first = std::max(at_, ranges[range_].first - 1);
    const std::uint32_t end = std::min(ranges[range_].last, told_.count());
    if (first >= end) {
      ++range_;
      continue;
    }
    const auto room = static_cast<std::uint32_t>(limit - rows.size());
    at_ = first + std::min(room, end - first);
    take(first, at_, changed_since, rows);
  }
  return !rows.empty();
}

void RowReader::take(std::uint32_t first, std::uint32_t last, ModSeq changed_since,
                     std::vector<Row>& rows) {
  const auto add = [&](std::uint32_t position, const store::Member& member,
                       const store::FlagState& flags) {
    if (flags.modseq > changed_since) rows.push_back({Seqnum(position + 1), member, flags});
  };
  if (same_) {
    now_.contents->for_each(
        first, last,
        [&](std::uint32_t position, const store::MemberLeaf& members, const store::FlagLeaf& flags,
            std::uint32_t k) { add(position, members.at(k), flags.at(k)); });
    return;
  }
  told_.for_each(first, last, [&](std::uint32_t position, const store::Member& member) {
    const auto there = now_.contents->members().position_of(member.uid);
    if (there) {
      add(position, member, now_.contents->flags_at(*there));
    } else if (changed_since == ModSeq(0)) {
      add(position, member, {now_.head.highest_modseq, kGoneFlags, 0});
    }
  });
}

}  // namespace posthorn::service
