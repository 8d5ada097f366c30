#pragma once

#include <cstdint>

#include "search/search_program.h"
#include "store/value/mailbox.h"
#include "store/value/members.h"
#include "store/value/own_keywords.h"

namespace posthorn::search {

/// The messages of a leaf as a bit set: bit i is the message at index i.
using LeafBits = std::uint64_t;
static_assert(store::kLeafSize == 64);
constexpr LeafBits first_bits(std::uint32_t count) {
  return count >= store::kLeafSize ? ~LeafBits{0} : (LeafBits{1} << count) - 1;
}

/// What the rows alone say about the messages of a leaf. If a message has neither bit set, more
/// must be read. No bit is set in both sets, and none beyond the leaf's count is set in either.
struct RowVerdicts {
  LeafBits yes = 0;
  LeafBits no = 0;
};

/// Judges a whole leaf at once. The result equals that of evaluate() at Depth::row for each
/// message.
RowVerdicts judge_rows(const SearchProgram::Node& node, const store::MemberLeaf& members,
                       const store::FlagLeaf& flags, const store::KeywordsView& keywords);

}  // namespace posthorn::search
