#pragma once

#include <cstdint>

#include "search/search_program.h"
#include "store/value/mailbox.h"
#include "store/value/members.h"

namespace posthorn::search {

/// A leaf's messages as bits: bit i is the message at index i.
using LeafBits = std::uint64_t;
static_assert(store::kLeafSize == 64);
constexpr LeafBits first_bits(std::uint32_t count) {
  return count >= store::kLeafSize ? ~LeafBits{0} : (LeafBits{1} << count) - 1;
}

/// What can be said of a leaf's messages by their rows alone; where neither bit is set, more has to
/// be read. No bit is set in both, none beyond the leaf's count in either.
struct RowVerdicts {
  LeafBits yes = 0;
  LeafBits no = 0;
};

/// Judges a whole leaf at once: the same as evaluate() at Depth::row for each of its messages.
RowVerdicts judge_rows(const SearchProgram::Node& node, const store::MemberLeaf& members,
                       const store::FlagLeaf& flags, const store::KeywordTable& keywords);

}  // namespace posthorn::search
