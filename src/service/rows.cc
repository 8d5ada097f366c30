#include "service/rows.h"

#include <algorithm>

namespace posthorn::service {
namespace {
constexpr SystemFlags kGoneFlags = bit(SystemFlag::seen) | bit(SystemFlag::deleted);
}

RowReader::RowReader(const Membership& told, store::FlagsView now, NumberSet seqnums)
    : told_(told),
      now_(now),
      seqnums_(std::move(seqnums)),
      same_(told.is(now.mailbox().contents->shared_members())) {}

RowReader::Step RowReader::step(std::uint32_t limit) {
  const auto& ranges = seqnums_.ranges();
  while (range_ < ranges.size()) {
    const std::uint32_t first = std::max(at_, ranges[range_].first - 1);
    const std::uint32_t end = std::min(ranges[range_].last, told_.count());
    if (first < end) {
      at_ = first + std::min(limit, end - first);
      return {first, at_};
    }
    ++range_;
  }
  return {};
}

bool RowReader::next(std::vector<Row>& rows, std::size_t limit, ModSeq changed_since) {
  rows.clear();
  while (rows.size() < limit) {
    const auto more = visit(static_cast<std::uint32_t>(limit - rows.size()), changed_since,
                            [&](const Row& row) { rows.push_back(row); });
    if (!more) break;
  }
  return !rows.empty();
}

void RowReader::take_told(Step step, ModSeq changed_since,
                          const std::function<void(const Row&)>& f) {
  const auto add = [&](std::uint32_t position, const store::Member& member,
                       const store::FlagState& flags) {
    if (flags.modseq > changed_since) f({Seqnum(position + 1), member, flags});
  };
  const store::Members& members = now_.mailbox().contents->members();
  told_.for_each(step.first, step.last, [&](std::uint32_t position, const store::Member& member) {
    const auto there = members.position_of(member.uid);
    if (there) {
      add(position, member, now_.at(*there));
    } else if (changed_since == ModSeq(0)) {
      add(position, member, {now_.highest_modseq(), kGoneFlags, 0});
    }
  });
}

}  // namespace posthorn::service
