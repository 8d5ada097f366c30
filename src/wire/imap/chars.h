#pragma once

#include "text/ascii.h"
#include "wire/lex/char_set.h"

namespace posthorn::wire::imap {

// Character classes of RFC 9051 §9. CHAR is %x01-7F; none of these sets contains NUL.

constexpr bool is_ctl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
constexpr bool is_8bit(char c) { return (c & 0x80) != 0; }

constexpr bool is_atom_special(char c) {
  return c == '(' || c == ')' || c == '{' || c == ' ' || is_ctl(c) || c == '%' || c == '*' ||
         c == '"' || c == '\\' || c == ']';
}

inline constexpr auto kAtomChars =
    lex::CharSet::of([](char c) { return !is_8bit(c) && !is_atom_special(c); });
/// ASTRING-CHAR: the characters of an atom, and ']'.
inline constexpr auto kAstringChars =
    lex::CharSet::of([](char c) { return kAtomChars.has(c) || c == ']'; });
inline constexpr auto kTagChars =
    lex::CharSet::of([](char c) { return kAstringChars.has(c) && c != '+'; });
/// list-char.
inline constexpr auto kListChars =
    lex::CharSet::of([](char c) { return kAstringChars.has(c) || c == '%' || c == '*'; });
inline constexpr auto kDigits = lex::CharSet::of([](char c) { return text::is_digit(c); });
inline constexpr auto kBase64Chars = lex::CharSet::of([](char c) {
  return text::is_digit(c) || (text::to_upper(c) >= 'A' && text::to_upper(c) <= 'Z') || c == '+' ||
         c == '/' || c == '=';
});
/// The octets that a quoted string may contain without an escape. 8-bit octets are included: they
/// are UTF-8, and the rule that reads the string decides whether that is allowed (RFC 9755 §3).
inline constexpr auto kQuotedChars = lex::CharSet::of(
    [](char c) { return c != '\0' && c != '\r' && c != '\n' && c != '"' && c != '\\'; });

}  // namespace posthorn::wire::imap
