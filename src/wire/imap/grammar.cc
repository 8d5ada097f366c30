#include "wire/imap/grammar.h"

#include <charconv>

#include "text/utf8.h"
#include "wire/imap/chars.h"
#include "wire/imap/names.h"
#include "wire/imap/receiver.h"

namespace posthorn::wire::imap::grammar {

namespace {

template <class Int>
bool digits(Input& in, Int& out, Int low, Int high, std::string_view what) {
  const std::size_t mark = in.mark();
  const std::string_view run = in.take_run(kDigits);
  const auto [_, error] = std::from_chars(run.data(), run.data() + run.size(), out);
  if (!run.empty() && error == std::errc() && out >= low && out <= high) return true;
  in.back_to(mark);
  return in.expected(what);
}

bool valid_text(Input& in, std::string_view bytes) {
  // RFC 9755 §3: a string that is not UTF-8 is answered BAD.
  if (!in.options().utf8 || text::is_valid_utf8(bytes)) return true;
  return in.refuse(ErrorKind::syntax, "a string is not valid UTF-8");
}

}  // namespace

bool atom(Input& in, std::string& out) {
  const std::string_view run = in.take_run(kAtomChars);
  if (run.empty()) return in.expected("an atom");
  out = run;
  return true;
}

bool word(Input& in, std::string& out) {
  if (!atom(in, out)) return false;
  out = text::upper(out);
  return true;
}

bool quoted(Input& in, std::string& out) {
  if (!in.take('"')) return in.expected("a quoted string");
  out.clear();
  for (;;) {
    out += in.take_run(kQuotedChars);
    if (in.take('"')) return valid_text(in, out);
    if (!in.take('\\')) return in.expected("a closing quote");
    // RFC 9051 §9: only quoted-specials are escaped.
    if (in.peek() != '"' && in.peek() != '\\') return in.expected("'\"' or '\\' after '\\'");
    out += in.take_count(1);
  }
}

bool literal(Input& in, std::string& out) {
  std::uint64_t size = 0;
  if (!in.take('{')) return in.expected("a literal");
  if (!number64(in, size)) return false;
  in.take('+');
  if (!in.take('}')) return in.expected("\"}\"");
  in.take('\r');
  if (!in.take('\n')) return in.expected("a line end after the literal's size");
  if (size > in.rest().size()) return in.expected("the octets of a literal");
  out = in.take_count(static_cast<std::size_t>(size));
  // RFC 9051 §9 CHAR8.
  if (out.find('\0') != std::string::npos)
    return in.refuse(ErrorKind::syntax, "a literal contains NUL");
  return valid_text(in, out);
}

bool string(Input& in, std::string& out) {
  if (in.peek() == '"') return quoted(in, out);
  if (in.peek() == '{') return literal(in, out);
  return in.expected("a string");
}

bool astring(Input& in, std::string& out) {
  if (in.peek() == '"' || in.peek() == '{') return string(in, out);
  const std::string_view run = in.take_run(kAstringChars);
  if (run.empty()) return in.expected("a string");
  out = run;
  return true;
}

bool nstring(Input& in, std::optional<std::string>& out) {
  if (in.take("NIL")) {
    out.reset();
    return true;
  }
  return string(in, out.emplace());
}

bool number(Input& in, std::uint32_t& out) {
  return digits<std::uint32_t>(in, out, 0, UINT32_MAX, "a number");
}

bool nz_number(Input& in, std::uint32_t& out) {
  return digits<std::uint32_t>(in, out, 1, UINT32_MAX, "a number above 0");
}

bool number64(Input& in, std::uint64_t& out) {
  return digits<std::uint64_t>(in, out, 0, INT64_MAX, "a number");
}

bool nz_number64(Input& in, std::uint64_t& out) {
  return digits<std::uint64_t>(in, out, 1, INT64_MAX, "a number above 0");
}

bool mod_sequence_valzer(Input& in, ModSeq& out) { return number64(in, out.value); }

namespace {

bool seq_number(Input& in, std::uint32_t& out) {
  if (in.take('*')) {
    out = SequenceSet::kStar;
    return true;
  }
  return digits<std::uint32_t>(in, out, 1, UINT32_MAX, "a message number or '*'");
}

}  // namespace

bool sequence_set(Input& in, SequenceSet& out) {
  out.ranges.clear();
  out.saved_result = in.take('$');  // RFC 5182
  if (out.saved_result) return true;
  do {
    SequenceSet::Range range{};
    if (!seq_number(in, range.a)) return false;
    range.b = range.a;
    if (in.take(':') && !seq_number(in, range.b)) return false;
    out.ranges.push_back(range);
  } while (in.take(','));
  return true;
}

bool single_number(Input& in, SequenceSet& out) {
  SequenceSet::Range range{};
  if (!seq_number(in, range.a)) return false;
  range.b = range.a;
  out.ranges = {range};
  return true;
}

bool known_uids(Input& in, NumberSet& out) {
  SequenceSet set;
  if (!sequence_set(in, set)) return false;
  for (const SequenceSet::Range& range : set.ranges) {
    if (range.a == SequenceSet::kStar || range.b == SequenceSet::kStar) set.saved_result = true;
  }
  if (set.saved_result)
    return in.refuse(ErrorKind::syntax, "'*' and '$' are not allowed in this set");
  out = set.resolve(0);
  return true;
}

bool mailbox(Input& in, std::string& out) {
  if (!astring(in, out)) return false;
  Result<std::string> name = decode_mailbox(out, in.options().utf8);
  if (!name) {
    out.clear();
    return in.object(std::move(name.error()));
  }
  out = std::move(*name);
  return true;
}

bool list_mailbox(Input& in, std::string& out) {
  if (in.peek() == '"' || in.peek() == '{') {
    if (!string(in, out)) return false;
  } else {
    const std::string_view run = in.take_run(kListChars);
    if (run.empty()) return in.expected("a mailbox pattern");
    out = run;
  }
  out = decode_pattern(std::move(out), in.options().utf8);
  return true;
}

bool flag(Input& in, FlagList& out) {
  struct Name {
    std::string_view text;
    SystemFlags bit;
  };
  static constexpr Name kNames[] = {
      {"SEEN", bit(SystemFlag::seen)},       {"DELETED", bit(SystemFlag::deleted)},
      {"FLAGGED", bit(SystemFlag::flagged)}, {"ANSWERED", bit(SystemFlag::answered)},
      {"DRAFT", bit(SystemFlag::draft)},     {"RECENT", 0}};
  const bool system = in.take('\\');
  const std::string_view name = in.take_run(kAtomChars);
  if (name.empty()) return in.expected("a flag");
  if (!system) {
    out.keywords.emplace_back(name);
    return true;
  }
  for (const Name& known : kNames) {
    if (!text::iequals(name, known.text)) continue;
    out.system = static_cast<SystemFlags>(out.system | known.bit);
    return true;
  }
  return in.refuse(ErrorKind::bad_argument, fmt::format("unknown system flag \\{}", name));
}

bool flag_list(Input& in, FlagList& out) {
  return list_of(in, [&] { return flag(in, out); });
}

bool partial_range(Input& in, PartialRange& out) {
  const bool newest = in.peek() == '-';
  out.from = newest ? PartialRange::From::newest : PartialRange::From::oldest;
  const auto bound = [&](std::uint32_t& n) {
    return (!newest || in.take('-') || in.expected("\"-\"")) && nz_number(in, n);
  };
  if (!bound(out.first)) return false;
  if (!in.take(':')) return in.expected("\":\"");
  if (!bound(out.last)) return false;
  if (out.last < out.first) std::swap(out.first, out.last);
  return true;
}

bool status_att_list(Input& in, StatusItems& out) {
  struct Name {
    std::string_view text;
    StatusItem item;
  };
  static constexpr Name kNames[] = {{"MESSAGES", StatusItem::messages},
                                    {"RECENT", StatusItem::recent},
                                    {"UIDNEXT", StatusItem::uid_next},
                                    {"UIDVALIDITY", StatusItem::uid_validity},
                                    {"UNSEEN", StatusItem::unseen},
                                    {"DELETED", StatusItem::deleted},
                                    {"SIZE", StatusItem::size},
                                    {"HIGHESTMODSEQ", StatusItem::highest_modseq},
                                    {"APPENDLIMIT", StatusItem::append_limit},
                                    {"MAILBOXID", StatusItem::mailbox_id},
                                    {"DELETED-STORAGE", StatusItem::deleted_storage}};
  return nonempty_list_of(in, [&] {
    const std::size_t mark = in.mark();
    const std::string_view name = in.take_run(kAtomChars);
    for (const Name& known : kNames) {
      if (!text::iequals(name, known.text)) continue;
      out.add(known.item);
      return true;
    }
    in.back_to(mark);
    return in.expected("a STATUS item");
  });
}

}  // namespace posthorn::wire::imap::grammar
