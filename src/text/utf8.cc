#include "text/utf8.h"

#include <cstdint>
#include <cstring>

#include "text/ascii.h"

namespace posthorn::text {
namespace {

std::uint8_t byte_at(std::string_view s, std::size_t i) { return static_cast<std::uint8_t>(s[i]); }

// The number of leading ASCII octets.
std::size_t ascii_run(std::string_view s) {
  std::size_t i = 0;
  for (; i + 8 <= s.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, s.data() + i, 8);
    if (word & 0x8080808080808080ULL) break;
  }
  while (i < s.size() && byte_at(s, i) < 0x80) ++i;
  return i;
}

// The length, and the range of the second octet, that a lead octet requires (RFC 3629 §4).
struct Lead {
  std::uint8_t length = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
};

Lead lead_of(std::uint8_t b) {
  if (b < 0x80) return {1};
  if (b < 0xC2) return {0};
  if (b < 0xE0) return {2};
  if (b == 0xE0) return {3, 0xA0, 0xBF};
  if (b == 0xED) return {3, 0x80, 0x9F};
  if (b < 0xF0) return {3};
  if (b == 0xF0) return {4, 0x90, 0xBF};
  if (b < 0xF4) return {4};
  if (b == 0xF4) return {4, 0x80, 0x8F};
  return {0};
}

// The number of octets at the front of `s` that form a character or its beginning; at least 1.
std::size_t subpart(std::string_view s, Lead lead) {
  if (lead.length < 2) return 1;
  std::size_t n = 1;
  while (n < lead.length && n < s.size()) {
    const std::uint8_t b = byte_at(s, n);
    const bool fits = n == 1 ? b >= lead.low && b <= lead.high : (b & 0xC0) == 0x80;
    if (!fits) break;
    ++n;
  }
  return n;
}

}  // namespace

bool is_ascii(std::string_view s) { return ascii_run(s) == s.size(); }

char32_t next_code_point(std::string_view& s) {
  const std::uint8_t first = byte_at(s, 0);
  if (first < 0x80) {
    s.remove_prefix(1);
    return first;
  }
  const Lead lead = lead_of(first);
  const std::size_t n = subpart(s, lead);
  if (lead.length == 0 || n < lead.length) {
    s.remove_prefix(n);
    return kBadCodePoint;
  }
  char32_t c = first & (0xFF >> (n + 1));
  for (std::size_t i = 1; i < n; ++i) c = c << 6 | (byte_at(s, i) & 0x3F);
  s.remove_prefix(n);
  return c;
}

bool is_valid_utf8(std::string_view s) {
  for (;;) {
    s.remove_prefix(ascii_run(s));
    if (s.empty()) return true;
    if (next_code_point(s) == kBadCodePoint) return false;
  }
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&out](char32_t b) { out.push_back(static_cast<char>(b)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

void append_valid_utf8(std::string& out, std::string_view s) {
  while (!s.empty()) {
    const std::size_t run = ascii_run(s);
    out.append(s.substr(0, run));
    s.remove_prefix(run);
    if (s.empty()) return;
    const std::string_view before = s;
    if (next_code_point(s) == kBadCodePoint) {
      out.append(kReplacement);
    } else {
      out.append(before.substr(0, before.size() - s.size()));
    }
  }
}

std::string replace_invalid_utf8(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  append_valid_utf8(out, s);
  return out;
}

std::size_t utf8_prefix(std::string_view s, std::size_t characters) {
  std::string_view rest = s;
  for (; characters > 0 && !rest.empty(); --characters) next_code_point(rest);
  return s.size() - rest.size();
}

std::string_view utf8_cut(std::string_view s, std::size_t bytes) {
  if (s.size() <= bytes) return s;
  s = s.substr(0, bytes);
  return s.substr(0, s.size() - incomplete_utf8_tail(s));
}

std::size_t incomplete_utf8_tail(std::string_view s) {
  for (std::size_t back = 1; back <= 3 && back <= s.size(); ++back) {
    const std::uint8_t b = byte_at(s, s.size() - back);
    if ((b & 0xC0) == 0x80) continue;
    const Lead lead = lead_of(b);
    if (lead.length <= back) return 0;
    return subpart(s.substr(s.size() - back), lead) == back ? back : 0;
  }
  return 0;
}

}  // namespace posthorn::text
