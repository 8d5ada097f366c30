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

/// The enabled extensions that change the text of responses.
struct Dialect {
  bool rev2 = false;  ///< IMAP4rev2: OLDNAME and \NonExistent are sent, RECENT is not.
  bool utf8 = false;  ///< UTF8=ACCEPT or IMAP4rev2: UTF-8 in strings and mailbox names.
};

enum class Recent : std::uint8_t { no, yes };

/// Appends tokens of server responses (RFC 9051 §9) to a string. Apart from that string's growth,
/// it allocates only for mailbox names that need modified UTF-7.
class Writer {
 public:
  explicit Writer(std::string& out, Dialect dialect = {}) : out_(out), dialect_(dialect) {}

  [[nodiscard]] Dialect dialect() const { return dialect_; }
  [[nodiscard]] std::string& out() { return out_; }

  /// Appends protocol text unchanged.
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

  /// Appends all numbers, each preceded by `before`.
  Writer& numbers(std::span<const std::uint32_t> numbers, char before);

  /// quoted / literal: quoted if possible and shorter than kLongestQuoted. NUL, which neither form
  /// can represent, is dropped.
  Writer& string(std::string_view value);
  Writer& nstring(std::optional<std::string_view> value) {
    return value ? string(*value) : raw("NIL");
  }
  /// Always quoted. Requires: no CR, LF or NUL.
  Writer& quoted(std::string_view value);
  /// `{n}` CRLF. The caller appends the octets, which must not contain NUL.
  Writer& literal_header(std::uint64_t octets);
  /// `~{n}` CRLF. The octets may contain NUL (RFC 3516 §4.3).
  Writer& literal8_header(std::uint64_t octets);

  /// Converts the name from UTF-8 to the form of the dialect, and writes it as an atom if possible.
  Writer& mailbox(std::string_view name);
  /// An atom if possible, otherwise a string.
  Writer& astring(std::string_view value);

  /// "17-Jul-1996 02:44:25 -0700" in quotes, in the timestamp's own zone.
  Writer& date_time(Timestamp t);
  /// uid-set / sequence-set. Requires: not empty.
  Writer& set(const NumberSet& numbers);

  /// `(\Seen keyword)`. `keywords` is a range of values convertible to string_view.
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
