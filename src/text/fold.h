#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace posthorn::text {

/// Returns the i;unicode-casemap key (RFC 5051 §2): each character is titlecased, then decomposed
/// (NFKD). Two texts are equal for a search or sort if their keys are equal as octets. An octet
/// that is not UTF-8 becomes U+FFFD. The key is computed character by character, so that fold(a +
/// b) equals fold(a) + fold(b); combining marks are not reordered, which RFC 5051 §4 (2) leaves
/// open. Thread: any. ASCII is folded at memory speed.
std::string fold(std::string_view utf8);
/// Changes when the ICU library, whose tables of characters and of character sets are used, is
/// replaced by one that may give other results.
std::uint16_t tables_version();
void fold_append(std::string_view utf8, std::string& out);

}  // namespace posthorn::text
