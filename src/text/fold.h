#pragma once

#include <string>
#include <string_view>

namespace posthorn::text {

/// The key of i;unicode-casemap (RFC 5051 §2): each character titlecased, then decomposed
/// (NFKD). Two texts are equal to a search or a sort when their keys are equal as bytes. A byte
/// that is not UTF-8 becomes U+FFFD. Character by character, so that fold(a + b) is
/// fold(a) + fold(b): no reordering of marks, which RFC 5051 §4 (2) leaves open.
/// Thread: any. ASCII runs at memory speed.
std::string fold(std::string_view utf8);
void fold_append(std::string_view utf8, std::string& out);

}  // namespace posthorn::text
