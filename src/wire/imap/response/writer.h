#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/flags.h"
#include "base/number_set.h"

namespace posthorn::wire::imap {

/// What a session has enabled, as far as it shows in the text of responses.
struct Dialect {
  bool rev2 = false;  ///< IMAP4rev2: no RECENT, OLDNAME, \NonExistent and so on.
  bool utf8 = false;  ///< UTF8=ACCEPT or IMAP4rev2: UTF-8 in strings and mailbox names.
};

enum class Recent : std::uint8_t { no, yes };

/// Appends the tokens of server responses (RFC 9051 §9) to a string. Allocates nothing but that
/// string's own growth, except for mailbox names that need modified UTF-7.
class Writer {
 public:
  explicit Writer(std::string& out, Dialect dialect = {}) : out_(out), dialect_(dialect) {}

  [[nodiscard]] Dialect dialect() const { return dialect_; }
  [[nodiscard]] std::string& out() { return out_; }

  /// Protocol text as it stands.
  Writer& raw(std::string_view text) {
    out_.append(text);
    return *this;
  }
  Writer& raw(char c) {
    out_.push_back(c);
    return *this;
  }
  Writer& sp() { return raw(' '); }
  Writer& crlf() { return raw("\r\n"); }

  Writer& number(std::uint64_t n) {
    char digits[20];
    const auto [end, _] = std::to_chars(digits, digits + sizeof digits, n);
    out_.append(digits, end);
    return *this;
  }

  /// Each number with `before` in front of it.
  Writer& numbers(std::span<const std::uint32_t> numbers, char before);

  /// quoted / literal: quoted if it can be and is shorter than kLongestQuoted. NUL, which neither
  /// can hold, is left out.
  Writer& string(std::string_view value);
  Writer& nstring(std::optional<std::string_view> value) {
    return value ? string(*value) : raw("NIL");
  }
  /// Quoted in any case. Requires: no CR, LF or NUL.
  Writer& quoted(std::string_view value);
  /// `{n}` CRLF; the caller appends the octets, none of them NUL.
  Writer& literal_header(std::uint64_t octets);
  /// `~{n}` CRLF; any octets (RFC 3516 §4.3).
  Writer& literal8_header(std::uint64_t octets);

  /// From UTF-8 to what the dialect has, as an atom where it is one.
  Writer& mailbox(std::string_view name);
  /// An atom where it is one, else a string.
  Writer& astring(std::string_view value);

  /// "17-Jul-1996 02:44:25 -0700" in quotes, in the timestamp's own zone.
  Writer& date_time(Timestamp t);
  /// uid-set / sequence-set. Requires: not empty.
  Writer& set(const NumberSet& numbers);

  /// `(\Seen keyword)`. `keywords` is a range of things a string_view can be made of.
  template <class Keywords>
  Writer& flag_list(SystemFlags system, Recent recent, const Keywords& keywords) {
    raw('(');
    const std::size_t start = out_.size();
    system_flags(system, recent);
    for (const auto& keyword : keywords) {
      if (out_.size() != start) sp();
      raw(std::string_view(keyword));
    }
    return raw(')');
  }
  Writer& flag_list(const FlagList& flags) {
    return flag_list(flags.system, Recent::no, flags.keywords);
  }

  static constexpr std::size_t kLongestQuoted = 1000;

 private:
  void system_flags(SystemFlags system, Recent recent);

  std::string& out_;
  Dialect dialect_;
};

}  // namespace posthorn::wire::imap
