#pragma once

#include <cstdint>
#include <string>

#include "message/digest/keys_view.h"
#include "message/mime/analyzer.h"
#include "message/mime/structure_view.h"

namespace posthorn::message {

// Raised whenever what make_digest makes of a message changes, the folding of the ICU in use
// included. Views refuse other versions, so that a stored digest is made again, not believed.
inline constexpr std::uint8_t kKeysVersion = 1;
/// 2: the UTF-8 forms; a charset for every text part.
inline constexpr std::uint8_t kStructureVersion = 2;

/// What is stored of a message so that FETCH, SEARCH and SORT need not parse it. The two go into
/// columns of their own. Layouts: keys_view.h and structure_view.h.
struct Digest {
  std::string keys;
  std::string structure;
};

/// Each folded field in the keys holds at most so many bytes; see KeysView::truncated.
inline constexpr std::size_t kMaxKeyField = 16 << 10;

Digest make_digest(const Analysis& analysis);

/// `keys` are of a message to whose header lines with octets above 127 have been added.
void mark_8bit_header(std::string& keys);

}  // namespace posthorn::message
