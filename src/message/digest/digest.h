#pragma once

#include <cstdint>
#include <string>

#include "message/digest/keys_view.h"
#include "message/mime/analyzer.h"
#include "message/mime/structure_view.h"

namespace posthorn::message {

// Increment a version whenever the result of make_digest changes for some message, including
// changes of the folding in the ICU library. Views refuse other versions, so that an outdated
// digest is computed again and not used. The Message-ID and the first reference must stay what they
// are, whatever the version: THREADIDs are made from them, and must never change (RFC 8474 §5.2).
inline constexpr std::uint8_t kKeysVersion = 1;
/// Version 2 added the UTF-8 forms, and a charset for every text part.
inline constexpr std::uint8_t kStructureVersion = 2;

/// The data stored for a message so that FETCH, SEARCH and SORT need not parse it. Both strings are
/// stored in columns of their own. Layouts: keys_view.h and structure_view.h.
struct Digest {
  std::string keys;
  std::string structure;
};

/// Maximum size of each folded field in the keys, in octets; see KeysView::truncated.
inline constexpr std::size_t kMaxKeyField = 16 << 10;

Digest make_digest(const Analysis& analysis);

/// Updates `keys` for a message to whose header lines with octets above 127 were added.
void mark_8bit_header(std::string& keys);

}  // namespace posthorn::message
