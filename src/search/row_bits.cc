#include "search/row_bits.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace posthorn::search {
namespace {

using Node = SearchProgram::Node;
using Operation = SearchProgram::Operation;
using store::FlagLeaf;
using store::KeywordsView;
using store::MemberLeaf;

template <class Test>
LeafBits where(std::uint32_t count, Test&& test) {
  LeafBits bits = 0;
  for (std::uint32_t i = 0; i < count; ++i) bits |= static_cast<LeafBits>(test(i)) << i;
  return bits;
}

/// Processes eight messages at a time: the flag is shifted to the lowest bit of each octet, and one
/// multiplication collects the eight bits. The caller removes bits beyond the leaf's count.
LeafBits with_flag(const FlagLeaf& flags, SystemFlags flag) {
  static_assert(sizeof(SystemFlags) == 1);
  if constexpr (std::endian::native != std::endian::little) {
    return where(flags.count, [&](std::uint32_t i) { return (flags.system[i] & flag) != 0; });
  }
  constexpr std::uint64_t kLowest = 0x0101010101010101;
  constexpr std::uint64_t kGather = 0x0102040810204080;
  LeafBits bits = 0;
  for (std::uint32_t i = 0; i < store::kLeafSize; i += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, flags.system.data() + i, sizeof eight);
    bits |= ((eight >> std::countr_zero(flag) & kLowest) * kGather >> 56) << i;
  }
  return bits;
}

LeafBits with_keyword(const FlagLeaf& flags, const KeywordsView& keywords, std::uint16_t keyword) {
  // Neighbouring messages usually have the same set.
  std::uint32_t known_set = 0;
  bool has = keywords.set_has(0, keyword);
  return where(flags.count, [&](std::uint32_t i) {
    if (flags.keywords[i] != known_set) {
      known_set = flags.keywords[i];
      has = keywords.set_has(known_set, keyword);
    }
    return has;
  });
}

LeafBits with_uid(const MemberLeaf& members, const NumberSet& set) {
  const auto& ranges = set.ranges();
  auto range = std::ranges::lower_bound(ranges, members.uid[0], {}, &NumberSet::Range::last);
  if (range == ranges.end() || range->first > members.uid[members.count - 1]) return 0;
  if (range->first <= members.uid[0] && members.uid[members.count - 1] <= range->last)
    return ~LeafBits{0};
  return where(members.count, [&](std::uint32_t i) {
    while (range != ranges.end() && range->last < members.uid[i]) ++range;
    return range != ranges.end() && range->first <= members.uid[i];
  });
}

template <class Test>
LeafBits with_internal_date(const MemberLeaf& m, Test&& test) {
  return where(m.count, [&](std::uint32_t i) { return test(local_date({m.date[i], m.zone[i]})); });
}

template <class Test>
LeafBits with_saved_date(const MemberLeaf& m, Test&& test) {
  return where(m.count, [&](std::uint32_t i) { return test(local_date({m.saved[i], 0})); });
}

/// The messages that match a condition on rows. Bits beyond the count are meaningless.
LeafBits matching(const Node& node, const MemberLeaf& m, const FlagLeaf& f,
                  const KeywordsView& keywords) {
  const auto before = [&](Date date) { return date < node.date; };
  const auto on = [&](Date date) { return date == node.date; };
  const auto since = [&](Date date) { return date >= node.date; };
  switch (node.operation) {
    case Operation::constant: return node.value ? ~LeafBits{0} : 0;
    case Operation::system_flag: return with_flag(f, node.flag);
    case Operation::keyword:
      return with_keyword(f, keywords, static_cast<std::uint16_t>(node.keyword));
    case Operation::uid: return with_uid(m, node.set);
    case Operation::larger:
      return where(m.count, [&](std::uint32_t i) { return m.size[i] > node.number; });
    case Operation::smaller:
      return where(m.count, [&](std::uint32_t i) { return m.size[i] < node.number; });
    case Operation::internal_before: return with_internal_date(m, before);
    case Operation::internal_on: return with_internal_date(m, on);
    case Operation::internal_since: return with_internal_date(m, since);
    case Operation::saved_before: return with_saved_date(m, before);
    case Operation::saved_on: return with_saved_date(m, on);
    case Operation::saved_since: return with_saved_date(m, since);
    case Operation::arrived_before:
      return where(m.count, [&](std::uint32_t i) { return m.date[i] <= node.seconds; });
    case Operation::arrived_since:
      return where(m.count, [&](std::uint32_t i) { return m.date[i] >= node.seconds; });
    case Operation::modseq:
      return where(m.count, [&](std::uint32_t i) { return f.modseq[i] >= node.number; });
    case Operation::ordinal:
      return where(m.count, [&](std::uint32_t i) { return m.ordinal[i] == node.number; });
    default: return 0;  // Groups and conditions that need more than rows: see judge_rows().
  }
}

/// Three-valued logic: a group is decided by one of its children, or by all of them.
RowVerdicts judge_group(const Node& node, const MemberLeaf& members, const FlagLeaf& flags,
                        const KeywordsView& keywords, LeafBits there) {
  const bool all = node.operation == Operation::all_of;
  LeafBits decided = 0;    // By a single child: no for all_of, yes for any_of.
  LeafBits undecided = 0;  // For some child.
  for (const Node& child : node.children) {
    const RowVerdicts v = judge_rows(child, members, flags, keywords);
    decided |= all ? v.no : v.yes;
    undecided |= there & ~(v.yes | v.no);
    if (decided == there) break;
  }
  const LeafBits otherwise = there & ~(decided | undecided);
  if (node.operation == Operation::any_of) return {decided, otherwise};
  return {otherwise, decided};
}

}  // namespace

RowVerdicts judge_rows(const Node& node, const MemberLeaf& members, const FlagLeaf& flags,
                       const KeywordsView& keywords) {
  if (members.count == 0) return {};
  const LeafBits there = first_bits(members.count);
  switch (node.operation) {
    case Operation::all_of:
    case Operation::any_of:
    case Operation::none_of: return judge_group(node, members, flags, keywords, there);
    default: break;
  }
  if (node.depth != Depth::row) return {};
  const LeafBits yes = matching(node, members, flags, keywords) & there;
  return {yes, there & ~yes};
}

}  // namespace posthorn::search
