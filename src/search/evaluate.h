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

namespace posthorn::search {

enum class Verdict : std::uint8_t { no, yes, unknown };

/// One message as far as it has been read.
struct Candidate {
  std::uint32_t position = 0;
  store::Member member;
  store::FlagState flags;
  Depth read = Depth::row;
  message::KeysView keys;
  std::string_view header;
  std::string_view structure;
  std::string_view body;  ///< The body list.
};

/// Judges by what has been read; unknown if more is needed, or cannot be read. Body
/// text is read by `bodies` on this thread, which may block. Counts what it costs in `work`; once
/// that is over the verdict means nothing.
Verdict evaluate(const SearchProgram::Node& node, const Candidate& candidate,
                 const store::KeywordTable& keywords, BodySearch& bodies, Work& work);

}  // namespace posthorn::search
