#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "message/digest/keys_view.h"
#include "search/body_search.h"
#include "search/search_program.h"
#include "search/work_limit.h"
#include "store/read/email_reader.h"
#include "store/value/members.h"
#include "store/value/own_keywords.h"

namespace posthorn::search {

enum class Verdict : std::uint8_t { no, yes, unknown };

/// A message and what has been read of it so far.
struct Candidate {
  std::uint32_t position = 0;
  store::Member member;
  store::FlagState flags;
  Depth read = Depth::row;
  store::TextFilter::Needles absent = 0;  ///< What it does not contain, by the filters.
  message::KeysView keys;
  std::string_view header;
  std::string_view structure;
  std::string_view body;  ///< The body list.
};

/// Judges a message by what has been read of it; unknown if more is needed, or cannot be read.
/// `bodies` reads body text on this thread, which may block. Adds the cost to `work`; once that is
/// over, the verdict is meaningless.
Verdict evaluate(const SearchProgram::Node& node, const Candidate& candidate,
                 const store::KeywordsView& keywords, BodySearch& bodies, Work& work);

}  // namespace posthorn::search
