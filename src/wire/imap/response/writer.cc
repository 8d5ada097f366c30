#include "wire/imap/response/writer.h"

#include <algorithm>
#include <array>

#include "text/utf8.h"
#include "wire/imap/chars.h"
#include "wire/imap/names.h"

namespace posthorn::wire::imap {

namespace {

constexpr auto kPlainQuoted =
    lex::CharSet::of([](char c) { return !is_8bit(c) && kQuotedChars.has(c); });

// Writes two digits at `at`.
void put2(char* at, unsigned n) {
  at[0] = static_cast<char>('0' + n / 10);
  at[1] = static_cast<char>('0' + n % 10);
}

bool has_8bit(std::string_view value) { return std::ranges::any_of(value, is_8bit); }

// Returns whether a quoted string can contain `value` (RFC 9051 §9 QUOTED-CHAR).
bool can_be_quoted(std::string_view value, Dialect dialect) {
  if (value.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) return false;
  return !has_8bit(value) || (dialect.utf8 && text::is_valid_utf8(value));
}

}  // namespace

Writer& Writer::numbers(std::span<const std::uint32_t> numbers, char before) {
  // Space is reserved for many numbers at once: there may be a million.
  constexpr std::size_t kAtOnce = 1024;
  constexpr std::size_t kLongest = 11;
  while (!numbers.empty()) {
    const auto some = numbers.first(std::min(kAtOnce, numbers.size()));
    numbers = numbers.subspan(some.size());
    const std::size_t used = out_.size();
    if (out_.capacity() < used + some.size() * kLongest)
      out_.reserve(std::max(2 * out_.capacity(), used + some.size() * kLongest));
    out_.resize_and_overwrite(used + some.size() * kLongest, [&](char* out, std::size_t) {
      char* at = out + used;
      for (const std::uint32_t n : some) {
        *at++ = before;
        at = std::to_chars(at, at + kLongest - 1, n).ptr;
      }
      return static_cast<std::size_t>(at - out);
    });
  }
  return *this;
}

Writer& Writer::quoted(std::string_view value) {
  out_.push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') out_.push_back('\\');
    out_.push_back(c);
  }
  out_.push_back('"');
  return *this;
}

Writer& Writer::string(std::string_view value) {
  if (value.size() < kLongestQuoted) {
    if (kPlainQuoted.span(value) == value.size()) return raw('"').raw(value).raw('"');
    if (can_be_quoted(value, dialect_)) return quoted(value);
  }
  const auto nuls = static_cast<std::size_t>(std::ranges::count(value, '\0'));
  literal_header(value.size() - nuls);
  if (nuls == 0) return raw(value);
  std::ranges::copy_if(value, std::back_inserter(out_), [](char c) { return c != '\0'; });
  return *this;
}

Writer& Writer::literal_header(std::uint64_t octets) {
  return raw('{').number(octets).raw("}\r\n");
}

Writer& Writer::literal8_header(std::uint64_t octets) {
  return raw("~{").number(octets).raw("}\r\n");
}

Writer& Writer::astring(std::string_view value) {
  const bool atom = !value.empty() && kAtomChars.span(value) == value.size();
  return atom && !text::iequals(value, "NIL") ? raw(value) : string(value);
}

Writer& Writer::mailbox(std::string_view name) {
  if (kAtomChars.span(name) == name.size() && name.find('&') == std::string_view::npos)
    return astring(name);
  std::string encoded;
  encode_mailbox(name, dialect_.utf8, encoded);
  return astring(encoded);
}

Writer& Writer::date_time(Timestamp t) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr std::int64_t kDay = 86400;
  const std::int64_t local = t.seconds + std::int64_t{t.zone_minutes} * 60;
  const std::int64_t in_day = ((local % kDay) + kDay) % kDay;
  const Date date = date_from((local - in_day) / kDay);
  const auto second = static_cast<unsigned>(in_day);
  const auto year = static_cast<unsigned>(std::clamp(date.year, 0, 9999));
  const auto zone = static_cast<unsigned>(t.zone_minutes < 0 ? -t.zone_minutes : t.zone_minutes);

  constexpr std::string_view kForm = "\"dd-Mmm-yyyy hh:mm:ss +hhmm\"";
  std::array<char, kForm.size()> text;
  char* at = text.data();
  std::ranges::copy(kForm, at);
  put2(at + 1, date.day);
  // date-day-fixed = (SP DIGIT) / 2DIGIT
  if (date.day < 10) at[1] = ' ';
  std::ranges::copy(kMonths.substr((date.month - 1U) * 3, 3), at + 4);
  put2(at + 8, year / 100);
  put2(at + 10, year % 100);
  put2(at + 13, second / 3600);
  put2(at + 16, second / 60 % 60);
  put2(at + 19, second % 60);
  at[22] = t.zone_minutes < 0 ? '-' : '+';
  put2(at + 23, zone / 60 % 100);
  put2(at + 25, zone % 60);
  return raw(std::string_view(text.data(), text.size()));
}

Writer& Writer::set(const NumberSet& numbers) {
  bool first = true;
  for (const NumberSet::Range& range : numbers.ranges()) {
    if (!first) raw(',');
    first = false;
    number(range.first);
    if (range.last != range.first) raw(':').number(range.last);
  }
  return *this;
}

void Writer::system_flags(SystemFlags system, Recent recent) {
  static constexpr std::pair<SystemFlag, std::string_view> kNames[] = {
      {SystemFlag::answered, "\\Answered"}, {SystemFlag::flagged, "\\Flagged"},
      {SystemFlag::deleted, "\\Deleted"},   {SystemFlag::seen, "\\Seen"},
      {SystemFlag::draft, "\\Draft"},
  };
  std::string_view gap;
  for (const auto& [flag, name] : kNames) {
    if ((system & bit(flag)) == 0) continue;
    raw(gap).raw(name);
    gap = " ";
  }
  if (recent == Recent::yes) raw(gap).raw("\\Recent");
}

}  // namespace posthorn::wire::imap
