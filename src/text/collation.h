#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posthorn::text {

/// How texts are compared by SEARCH, SORT and THREAD: a comparator of RFC 4790 or RFC 5051. Each
/// gives texts keys that are compared octet by octet, for equality, for the order, and for
/// substrings; it computes the key character by character.
enum class Collation : std::uint8_t {
  unicode_casemap,  ///< i;unicode-casemap (RFC 5051), which is fold().
  ascii_casemap,    ///< i;ascii-casemap (RFC 4790 §9.2): only ASCII letters have no case.
  octet,            ///< i;octet (RFC 4790 §9.3).
};
/// The most useful first.
inline constexpr std::array kCollations = {Collation::unicode_casemap, Collation::ascii_casemap,
                                           Collation::octet};
inline constexpr Collation kDefaultCollation = Collation::unicode_casemap;

std::string_view name_of(Collation collation);

void collate_append(Collation collation, std::string_view utf8, std::string& out);
std::string collate(Collation collation, std::string_view utf8);

/// Returns whether a client that names a collation like this can mean `collation`: by its name, by
/// a pattern in which "*" stands for any characters (RFC 4790 §3.2), or, for the default, by
/// "default" (RFC 5255 §4.7). A "-" before the name, which would reverse the order, matches
/// nothing.
bool collation_matches(std::string_view wanted, Collation collation);
/// Returns whether a name follows the rule collation-order (RFC 4790 §3.3).
bool is_collation_order(std::string_view wanted);

}  // namespace posthorn::text
