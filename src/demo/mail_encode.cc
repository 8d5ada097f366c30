#include "demo/mail_encode.h"

#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"

namespace posthorn::demo::demo {

namespace {

std::string base64(std::string_view in) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((in.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < in.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, in.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < n ? static_cast<unsigned char>(in[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

bool has_high_octet(std::string_view s) {
  return std::ranges::any_of(s, [](char c) { return static_cast<unsigned char>(c) > 127; });
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::string base64_lines(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 4 / 3 + bytes.size() / 28 + 8);
  for (std::size_t i = 0; i < bytes.size(); i += 57) {
    out += base64(bytes.substr(i, 57));
    out += "\r\n";
  }
  return out;
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "\r\n") {
      out += "\r\n";
      column = 0;
      ++i;
      continue;
    }
    const auto c = static_cast<unsigned char>(text[i]);
    const bool at_line_end = text.substr(i + 1, 2) == "\r\n" || i + 1 == text.size();
    const bool plain = c > 32 ? c < 127 && c != '=' : (c == ' ' || c == '\t') && !at_line_end;
    const std::string one = plain ? std::string(1, text[i]) : fmt::format("={:02X}", c);
    if (column + one.size() > 75) {
      out += "=\r\n";
      column = 0;
    }
    out += one;
    column += one.size();
  }
  return out;
}

std::string encoded_words(std::string_view text, std::string_view charset) {
  if (!has_high_octet(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    std::size_t n = std::min<std::size_t>(42, text.size());
    if (charset == "UTF-8")
      while (n > 1 && n < text.size() && continues_character(text[n])) --n;
    if (!out.empty()) out += "\r\n ";
    out += fmt::format("=?{}?B?{}?=", charset, base64(text.substr(0, n)));
    text.remove_prefix(n);
  }
  return out;
}

std::string mail_date(std::int64_t seconds, int zone_minutes) {
  constexpr std::array kDays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::int64_t local = seconds + zone_minutes * 60;
  const std::int64_t days = (local - ((local % 86400 + 86400) % 86400)) / 86400;
  const Date date = date_from(days);
  const std::int64_t rest = local - days * 86400;
  const int zone = zone_minutes < 0 ? -zone_minutes : zone_minutes;
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} {}{:02}{:02}",
                     kDays[static_cast<std::size_t>((days % 7 + 7) % 7)], date.day,
                     kMonths[date.month - 1U], date.year, rest / 3600, rest / 60 % 60, rest % 60,
                     zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
}

std::string wrapped(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    if (column > 0 && column + 1 + end > width) {
      out += "\r\n";
      column = 0;
    }
    if (column > 0) out += ' ';
    out += text.substr(0, end);
    column += end + (column > 0 ? 1 : 0);
    if (end < text.size() && text[end] == '\n') {
      out += "\r\n";
      column = 0;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (column > 0) out += "\r\n";
  return out;
}

std::string latin1(std::string_view utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c < 0x80) {
      out += utf8[i];
    } else if ((c == 0xC2 || c == 0xC3) && i + 1 < utf8.size()) {
      out += static_cast<char>((c & 3) << 6 | (utf8[++i] & 0x3F));
    } else if (!continues_character(utf8[i])) {
      out += '?';
    }
  }
  return out;
}

}  // namespace posthorn::demo::demo
