#include <algorithm>
#include <utility>

#include "text/charset.h"
#include "wire/imap/chars.h"
#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap::grammar {

namespace {

// RFC 5465 §7: the items to fetch follow in parentheses.
bool update_option(Input& in, SearchReturn& out) {
  out.update = true;
  const std::size_t mark = in.mark();
  in.skip_spaces();
  if (in.peek() == '(') return fetch_att_list(in, out.update_fetch);
  in.back_to(mark);
  return true;
}

bool search_return_opt(Input& in, SearchReturn& out) {
  const std::size_t mark = in.mark();
  const std::string_view name = in.take_run(kAtomChars);
  if (text::iequals(name, "MIN")) return out.min = true;
  if (text::iequals(name, "MAX")) return out.max = true;
  if (text::iequals(name, "ALL")) return out.all = true;
  if (text::iequals(name, "COUNT")) return out.count = true;
  if (text::iequals(name, "SAVE")) return out.save = true;
  if (text::iequals(name, "CONTEXT")) return out.context = true;
  if (text::iequals(name, "UPDATE")) return update_option(in, out);
  if (text::iequals(name, "PARTIAL")) return in.sp() && partial_range(in, out.partial.emplace());
  in.back_to(mark);
  return in.expected("a search return option");
}

// After "RETURN" and a space. RFC 4731 §3.1: an empty list means ALL. CONTEXT and UPDATE do not
// count, since they change nothing in what the others mean (RFC 5267 §4.1).
bool search_return_opts(Input& in, SearchReturn& out) {
  in.skip_spaces();
  if (!list_of(in, [&] { return search_return_opt(in, out); })) return false;
  if (!out.min && !out.max && !out.count && !out.save && !out.partial) out.all = true;
  // RFC 9394 §3.1.
  if (out.all && out.partial)
    return in.refuse(ErrorKind::bad_argument, "ALL and PARTIAL exclude each other");
  return true;
}

bool optional_return(Input& in, std::optional<SearchReturn>& out) {
  const std::size_t mark = in.mark();
  in.skip_spaces();
  // Including its space, so that no other word matches.
  if (in.mark() != mark && in.take("RETURN ")) return search_return_opts(in, out.emplace());
  in.back_to(mark);
  return true;
}

// charset = atom / quoted; an astring is accepted too.
bool charset(Input& in, std::string& out) {
  if (!astring(in, out)) return false;
  // RFC 9755 §3: UTF-8 is understood, anything else is refused with BAD.
  if (in.options().utf8 && !text::iequals(out, "UTF-8") && !text::iequals(out, "US-ASCII"))
    return in.refuse(ErrorKind::bad_argument,
                     "no other charset is allowed after UTF-8 has been enabled");
  if (!text::is_known_charset(out))
    return in.refuse(ErrorKind::unknown_charset, "the charset is not supported");
  return true;
}

bool sort_key(Input& in, message::SortField& out) {
  using Field = message::SortField;
  struct Name {
    std::string_view text;
    Field field;
  };
  static constexpr Name kNames[] = {{"ARRIVAL", Field::arrival},
                                    {"CC", Field::cc},
                                    {"DATE", Field::date},
                                    {"FROM", Field::from},
                                    {"SIZE", Field::size},
                                    {"SUBJECT", Field::subject},
                                    {"TO", Field::to},
                                    {"DISPLAYFROM", Field::display_from},
                                    {"DISPLAYTO", Field::display_to}};
  const std::size_t mark = in.mark();
  const std::string_view name = in.take_run(kAtomChars);
  for (const Name& known : kNames) {
    if (!text::iequals(name, known.text)) continue;
    out = known.field;
    return true;
  }
  in.back_to(mark);
  return in.expected("a sort key");
}

bool sort_criterion(Input& in, message::SortKey& out) {
  out.reverse = in.take("REVERSE ");
  in.skip_spaces();
  return sort_key(in, out.field);
}

// RFC 5256 §5: search-criteria = charset 1*(SP search-key)
bool search_criteria(Input& in, SearchContext& context, message::SearchKey& out) {
  return in.sp() && charset(in, context.charset) && in.sp() && search_keys(in, context, out);
}

bool thread_alg(Input& in, message::ThreadAlgorithm& out) {
  using Algorithm = message::ThreadAlgorithm;
  static constexpr std::pair<std::string_view, Algorithm> kNames[] = {
      {"ORDEREDSUBJECT", Algorithm::ordered_subject},
      {"REFERENCES", Algorithm::references},
      {"REFS", Algorithm::refs}};
  std::string name;
  if (!in.sp() || !word(in, name)) return false;
  for (const auto& [known, algorithm] : kNames) {
    if (name != known) continue;
    out = algorithm;
    return true;
  }
  return in.refuse(ErrorKind::bad_argument, "unknown thread algorithm");
}

}  // namespace

bool arguments(Input& in, SearchCommand& out) {
  SearchContext context;
  if (!optional_return(in, out.returns) || !in.sp()) return false;
  if (in.take("CHARSET ")) {
    in.skip_spaces();
    if (!charset(in, context.charset) || !in.sp()) return false;
  }
  const bool ok = search_keys(in, context, out.key);
  out.uses_modseq = context.uses_modseq;
  return ok;
}

namespace {

// esearch-source-opts; no scope option is defined.
bool source_options(Input& in, std::vector<MailboxFilter>& out) {
  if (!in.open()) return false;
  do {
    if (!in.within_list(out.size()) || !filter_mailboxes(in, out.emplace_back())) return false;
    if (out.back().kind == MailboxFilter::Kind::selected_delayed)
      return in.refuse(ErrorKind::bad_argument, "SELECTED-DELAYED cannot be searched");
  } while (in.another());
  return in.close();
}

}  // namespace

// RFC 7377 §3.
bool arguments(Input& in, EsearchCommand& out) {
  const std::size_t mark = in.mark();
  if (!in.sp()) return false;
  if (in.take("IN ")) {
    in.skip_spaces();
    if (!source_options(in, out.sources)) return false;
  } else {
    in.back_to(mark);
  }
  SearchCommand search;
  if (!arguments(in, search)) return false;
  if (search.returns) {
    out.returns = *search.returns;
  } else {
    out.returns.all = true;
  }
  if (out.returns.save && !std::ranges::all_of(out.sources, &MailboxFilter::is_of_selected))
    return in.refuse(ErrorKind::bad_argument,
                     "SAVE is only possible for the selected mailbox alone");
  out.key = std::move(search.key);
  out.uses_modseq = search.uses_modseq;
  return true;
}

bool arguments(Input& in, SortCommand& out) {
  SearchContext context;
  if (!optional_return(in, out.returns) || !in.sp()) return false;
  const auto criterion = [&] { return sort_criterion(in, out.order.emplace_back()); };
  if (!nonempty_list_of(in, criterion)) return false;
  const bool ok = search_criteria(in, context, out.key);
  out.uses_modseq = context.uses_modseq;
  return ok;
}

bool arguments(Input& in, ThreadCommand& out) {
  SearchContext context;
  return thread_alg(in, out.algorithm) && search_criteria(in, context, out.key);
}

}  // namespace posthorn::wire::imap::grammar
