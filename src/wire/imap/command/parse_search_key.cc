#include <algorithm>
#include <utility>

#include "text/charset.h"
#include "text/utf8.h"
#include "wire/imap/chars.h"
#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {

namespace {

using message::SearchKey;
using Kind = SearchKey::Kind;

// The syntax after a key's name.
enum class Argument : std::uint8_t { none, text, date, size, interval, keyword, header, object_id };

struct KeyName {
  std::string_view name;
  Kind kind;
  Argument argument;
  SystemFlag flag = SystemFlag::seen;
  bool negated = false;
};

// RFC 9051 §9 `search-key`, RFC 3501 §6.4.4, RFC 5032, RFC 8474, RFC 8514. Keys with a special
// syntax are in special_key().
constexpr KeyName kKeys[] = {
    {"ALL", Kind::all, Argument::none},
    {"ANSWERED", Kind::flag_set, Argument::none, SystemFlag::answered},
    {"DELETED", Kind::flag_set, Argument::none, SystemFlag::deleted},
    {"DRAFT", Kind::flag_set, Argument::none, SystemFlag::draft},
    {"FLAGGED", Kind::flag_set, Argument::none, SystemFlag::flagged},
    {"SEEN", Kind::flag_set, Argument::none, SystemFlag::seen},
    {"UNANSWERED", Kind::flag_set, Argument::none, SystemFlag::answered, true},
    {"UNDELETED", Kind::flag_set, Argument::none, SystemFlag::deleted, true},
    {"UNDRAFT", Kind::flag_set, Argument::none, SystemFlag::draft, true},
    {"UNFLAGGED", Kind::flag_set, Argument::none, SystemFlag::flagged, true},
    {"UNSEEN", Kind::flag_set, Argument::none, SystemFlag::seen, true},
    {"RECENT", Kind::recent, Argument::none},
    {"OLD", Kind::recent, Argument::none, SystemFlag::seen, true},
    {"KEYWORD", Kind::keyword, Argument::keyword},
    {"UNKEYWORD", Kind::keyword, Argument::keyword, SystemFlag::seen, true},
    {"FROM", Kind::from, Argument::text},
    {"TO", Kind::to, Argument::text},
    {"CC", Kind::cc, Argument::text},
    {"BCC", Kind::bcc, Argument::text},
    {"SUBJECT", Kind::subject, Argument::text},
    {"BODY", Kind::body, Argument::text},
    {"TEXT", Kind::text, Argument::text},
    {"HEADER", Kind::header, Argument::header},
    {"LARGER", Kind::larger, Argument::size},
    {"SMALLER", Kind::smaller, Argument::size},
    {"BEFORE", Kind::internal_before, Argument::date},
    {"ON", Kind::internal_on, Argument::date},
    {"SINCE", Kind::internal_since, Argument::date},
    {"SENTBEFORE", Kind::sent_before, Argument::date},
    {"SENTON", Kind::sent_on, Argument::date},
    {"SENTSINCE", Kind::sent_since, Argument::date},
    {"SAVEDBEFORE", Kind::saved_before, Argument::date},
    {"SAVEDON", Kind::saved_on, Argument::date},
    {"SAVEDSINCE", Kind::saved_since, Argument::date},
    {"SAVEDATESUPPORTED", Kind::save_date_supported, Argument::none},
    {"EMAILID", Kind::email_id, Argument::object_id},
    {"THREADID", Kind::thread_id, Argument::object_id},
    {"OLDER", Kind::older, Argument::interval},
    {"YOUNGER", Kind::younger, Argument::interval},
};

// Converts a string to UTF-8. Without CHARSET it should be US-ASCII, but clients send UTF-8.
bool search_string(Input& in, const SearchContext& context, std::string& out) {
  if (!astring(in, out)) return false;
  if (context.charset.empty() || text::iequals(context.charset, "UTF-8") ||
      text::iequals(context.charset, "US-ASCII")) {
    return text::is_valid_utf8(out) ||
           in.refuse(ErrorKind::bad_argument, "a search string is not valid UTF-8");
  }
  Result<std::string> converted = text::to_utf8(context.charset, out);
  if (!converted) return in.refuse(converted.error().kind, std::move(converted.error().text));
  out = std::move(*converted);
  return true;
}

// RFC 8474 §7 `objectid`.
bool object_id(Input& in, std::string& out) {
  constexpr std::size_t kLongest = 255;
  if (!atom(in, out)) return false;
  const bool allowed = out.size() <= kLongest && std::ranges::all_of(out, [](char c) {
                         return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-';
                       });
  return allowed || in.refuse(ErrorKind::syntax, "expected an object id");
}

bool argument(Input& in, const SearchContext& context, Argument kind, SearchKey& out) {
  if (kind == Argument::none) return true;
  if (!in.sp()) return false;
  switch (kind) {
    case Argument::none: return true;
    case Argument::text: return search_string(in, context, out.text);
    case Argument::date: return date(in, out.date);
    case Argument::size: return number64(in, out.number);
    case Argument::interval: {
      std::uint32_t seconds = 0;
      const bool ok = nz_number(in, seconds);
      out.number = seconds;
      return ok;
    }
    case Argument::keyword: return atom(in, out.text);
    case Argument::object_id: return object_id(in, out.text);
    case Argument::header:
      return astring(in, out.field) && in.sp() && search_string(in, context, out.text);
  }
  return false;
}

// Negates `out`.
void negate(SearchKey& out) {
  SearchKey inner = std::move(out);
  out = SearchKey{};
  out.kind = Kind::negation;
  out.children.push_back(std::move(inner));
}

// RFC 7162 §3.1.5: the entry's name and type are accepted and ignored, because all flags share one
// MODSEQ.
bool modseq(Input& in, SearchContext& context, SearchKey& out) {
  context.uses_modseq = true;
  out.kind = Kind::modseq;
  if (!in.sp()) return false;
  if (in.peek() == '"') {
    std::string entry;
    if (!quoted(in, entry)) return false;
    if (!entry.starts_with("/flags/"))
      return in.refuse(ErrorKind::syntax, "expected a /flags/ entry");
    if (!in.sp()) return false;
    if (!in.take("priv") && !in.take("shared") && !in.take("all"))
      return in.expected("\"priv\", \"shared\" or \"all\"");
    if (!in.sp()) return false;
  }
  ModSeq value;
  const bool ok = mod_sequence_valzer(in, value);
  out.number = value.value;
  return ok;
}

// RFC 3501 §6.4.4: NEW is (RECENT UNSEEN).
void make_new(SearchKey& out) {
  out.kind = Kind::conjunction;
  SearchKey recent;
  recent.kind = Kind::recent;
  SearchKey unseen;
  unseen.kind = Kind::flag_set;
  unseen.flag = SystemFlag::seen;
  negate(unseen);
  out.children.push_back(std::move(recent));
  out.children.push_back(std::move(unseen));
}

// RFC 5466 §4 `filter-name`.
bool filter_name(Input& in, std::string& out) {
  if (!in.sp() || !atom(in, out)) return false;
  out = text::lower(out);
  return out.find('/') == std::string::npos || in.refuse(ErrorKind::syntax, "expected a filter");
}

bool key_list(Input& in, SearchContext& context, std::size_t depth, SearchKey& out);

// RFC 5466 §3.1. The keys of a filter count as if they were in parentheses. A filter that refers to
// itself, in whatever number of steps, comes to the limit.
bool filter(Input& in, SearchContext& context, std::size_t depth, SearchKey& out) {
  constexpr std::size_t kMostSteps = 10;
  std::string name;
  if (!filter_name(in, name)) return false;
  if (!context.charset.empty() && !text::iequals(context.charset, "UTF-8") &&
      !text::iequals(context.charset, "US-ASCII"))
    return in.refuse(ErrorKind::unknown_charset, "FILTER requires the charset UTF-8");
  const Result<std::string> value = in.options().find_filter(name);
  if (!value || context.filters == kMostSteps) return in.object_to_filter(std::move(name));
  // Filters that use others many times are long together, however short they are; so a filter costs
  // as much as the keys that it might have.
  context.keys += value->size() / 16;
  if (context.keys > in.options().search_keys)
    return in.refuse(ErrorKind::limit, "the search has too many keys");
  Input inner(*value, in.options());
  const std::string outer_charset = std::exchange(context.charset, "UTF-8");
  const std::size_t step = context.filters++;
  const bool ok = key_list(inner, context, depth + 1, out) && inner.end();
  context.charset = outer_charset;
  Error error = inner.take_error();
  if (!ok && error.kind == ErrorKind::limit) return in.refuse(error.kind, std::move(error.text));
  std::string undefined = ok ? inner.take_undefined_filter() : std::move(name);
  if (!undefined.empty()) {
    context.filters = kMostSteps;  // The command is refused: no other filter is looked at.
    return in.object_to_filter(std::move(undefined));
  }
  context.filters = step;
  return true;
}

bool has_filters(const Input& in) {
  if (!in.options().find_filter) return false;
  const Result<std::string> value = in.options().find_filter("");
  return value || value.error().kind != ErrorKind::not_supported;
}

// `taken` tells whether `name` is one of the keys with a special syntax.
bool special_key(Input& in, std::string_view name, SearchContext& context, std::size_t depth,
                 SearchKey& out, bool& taken) {
  taken = true;
  if (text::iequals(name, "UID")) {
    out.kind = Kind::uid;
    return in.sp() && sequence_set(in, out.set);
  }
  if (text::iequals(name, "NOT")) {
    const bool ok = in.sp() && search_key(in, context, depth + 1, out);
    negate(out);
    return ok;
  }
  if (text::iequals(name, "OR")) {
    out.kind = Kind::disjunction;
    out.children.resize(2);
    return in.sp() && search_key(in, context, depth + 1, out.children[0]) && in.sp() &&
           search_key(in, context, depth + 1, out.children[1]);
  }
  if (text::iequals(name, "FILTER") && has_filters(in)) return filter(in, context, depth, out);
  if (text::iequals(name, "MODSEQ")) return modseq(in, context, out);
  if (text::iequals(name, "NEW")) {
    make_new(out);
    return true;
  }
  taken = false;
  return false;
}

bool named_key(Input& in, SearchContext& context, std::size_t depth, SearchKey& out) {
  const std::size_t mark = in.mark();
  const std::string_view name = in.take_run(kAtomChars);
  for (const KeyName& key : kKeys) {
    if (!text::iequals(name, key.name)) continue;
    out.kind = key.kind;
    out.flag = key.flag;
    if (!argument(in, context, key.argument, out)) return false;
    if (key.negated) negate(out);
    return true;
  }
  bool taken = false;
  const bool ok = special_key(in, name, context, depth, out, taken);
  if (taken) return ok;
  in.back_to(mark);
  return in.expected("a search key");
}

bool key_list(Input& in, SearchContext& context, std::size_t depth, SearchKey& out) {
  out.kind = Kind::conjunction;
  do {
    if (!search_key(in, context, depth + 1, out.children.emplace_back())) return false;
  } while (in.another());
  return true;
}

}  // namespace

bool search_key(Input& in, SearchContext& context, std::size_t depth, SearchKey& out) {
  if (depth > in.options().search_depth)
    return in.refuse(ErrorKind::limit, "the search is nested too deeply");
  if (++context.keys > in.options().search_keys)
    return in.refuse(ErrorKind::limit, "the search has too many keys");
  if (in.peek() == '(') return in.open() && key_list(in, context, depth, out) && in.close();
  const char c = in.peek();
  if (text::is_digit(c) || c == '*' || c == '$') {
    out.kind = Kind::sequence;
    return sequence_set(in, out.set);
  }
  return named_key(in, context, depth, out);
}

bool search_keys(Input& in, SearchContext& context, SearchKey& out) {
  if (!key_list(in, context, 0, out)) return false;
  // A single key needs no conjunction.
  if (out.children.size() == 1) {
    SearchKey only = std::move(out.children.front());
    out = std::move(only);
  }
  return true;
}

}  // namespace posthorn::wire::imap::grammar
