#include "search/evaluate.h"

#include "message/digest/key_texts.h"
#include "message/header/header.h"
#include "search/body_search.h"
#include "text/ascii.h"
#include "text/fold.h"

namespace posthorn::search {
namespace {

using Node = SearchProgram::Node;
using Operation = SearchProgram::Operation;

/// Fields are decoded and folded again for each condition.
constexpr std::uint64_t kStepsPerHeaderOctet = 2;

Verdict of(bool yes) { return yes ? Verdict::yes : Verdict::no; }

/// The text of a key by which the messages of a digest are found, as in the header.
std::string text_of(const message::KeyTexts& texts, Operation operation) {
  switch (operation) {
    case Operation::from: return texts.from();
    case Operation::to: return texts.to();
    case Operation::cc: return texts.cc();
    case Operation::bcc: return texts.bcc();
    default: return texts.subject();
  }
}

/// The same as in_key() for comparators that do not fold.
Verdict in_unfolded_key(const Candidate& c, const Node& node, Work& work) {
  if (c.read < Depth::header) return Verdict::unknown;
  work.add(kStepsPerHeaderOctet * c.header.size());
  const std::string text = text_of(message::KeyTexts(c.header), node.operation);
  return of(node.finder.found_in(text::collate(node.collation, text)));
}

/// Searches a digest key. If the digest contains only its beginning, text that is not found may
/// still be in the header.
Verdict in_key(const Candidate& c, std::string_view key, std::string_view field, const Node& node,
               Work& work) {
  if (node.collation != text::Collation::unicode_casemap) return in_unfolded_key(c, node, work);
  if (c.read < Depth::keys) return Verdict::unknown;
  work.add(key.size());
  if (node.finder.found_in(key)) return Verdict::yes;
  if (c.keys.ok() && !c.keys.truncated()) return Verdict::no;
  if (c.read < Depth::header) return Verdict::unknown;
  work.add(kStepsPerHeaderOctet * c.header.size());
  message::HeaderIterator fields(c.header);
  message::HeaderField found;
  while (fields.next(found)) {
    if (text::iequals(found.name, field) &&
        node.finder.found_in(text::fold(message::decode_header_value(found.value))))
      return Verdict::yes;
  }
  return Verdict::no;
}

Verdict in_header(const Candidate& c, const Node& node, Work& work) {
  if ((c.absent & node.needle) != 0) return Verdict::no;
  if (c.read < Depth::header) return Verdict::unknown;
  work.add(kStepsPerHeaderOctet * c.header.size());
  message::HeaderIterator fields(c.header);
  message::HeaderField found;
  while (fields.next(found)) {
    if (!text::iequals(found.name, node.field)) continue;
    if (node.finder.needle().empty()) return Verdict::yes;
    if (node.finder.found_in(
            text::collate(node.collation, message::decode_header_value(found.value))))
      return Verdict::yes;
  }
  return Verdict::no;
}

Verdict in_text(const Candidate& c, const Node& node, BodySearch& bodies, Work& work) {
  if ((c.absent & node.needle) != 0) return Verdict::no;
  if (c.read < Depth::header) return Verdict::unknown;
  if (node.operation == Operation::text) work.add(kStepsPerHeaderOctet * c.header.size());
  if (node.operation == Operation::text && bodies.header_contains(c.header, node.finder))
    return Verdict::yes;
  if (c.read < Depth::body) return Verdict::unknown;
  work.add(c.member.size);
  auto found = bodies.contains(c.member.ordinal, c.structure, c.body, node.finder);
  // A message that cannot be read may or may not contain the text, but another key may decide.
  if (!found) return Verdict::unknown;
  return of(*found);
}

/// RFC 9051 §6.4.4: only the date counts, in its own time zone. Without a Date field, INTERNALDATE
/// is used (RFC 5256 §2.2).
Verdict sent(const Candidate& c, const Node& node) {
  if (c.read < Depth::keys) return Verdict::unknown;
  const Date date = local_date(c.keys.has_sent() ? c.keys.sent() : c.member.internal_date);
  switch (node.operation) {
    case Operation::sent_before: return of(date < node.date);
    case Operation::sent_on: return of(date == node.date);
    default: return of(date >= node.date);
  }
}

Verdict in_thread(const Candidate& c, const Node& node, Work& work) {
  constexpr std::uint64_t kSteps = 500;  // One keyed hash.
  if (c.read < Depth::keys) return Verdict::unknown;
  work.add(kSteps);
  return of(node.ids->thread(c.member.ordinal, c.keys, c.body) == node.field);
}

Verdict is_email(const Candidate& c, const Node& node, Work& work) {
  constexpr std::uint64_t kSteps = 200;  // One encrypted block.
  if (c.read < Depth::keys) return Verdict::unknown;
  work.add(kSteps);
  return of(node.ids->email(c.member.ordinal, c.body) == node.field);
}

Verdict evaluate_group(const Node& node, const Candidate& c, const store::KeywordsView& keywords,
                       BodySearch& bodies, Work& work) {
  const bool all = node.operation == Operation::all_of;
  const Verdict decides = all ? Verdict::no : Verdict::yes;
  bool unknown = false;
  for (const Node& child : node.children) {
    if (work.is_over()) return Verdict::no;
    const Verdict v = evaluate(child, c, keywords, bodies, work);
    if (v == decides) return node.operation == Operation::none_of ? Verdict::no : decides;
    unknown |= v == Verdict::unknown;
  }
  if (unknown) return Verdict::unknown;
  if (node.operation == Operation::none_of) return Verdict::yes;
  return of(all);
}

}  // namespace

Verdict evaluate(const Node& node, const Candidate& c, const store::KeywordsView& keywords,
                 BodySearch& bodies, Work& work) {
  work.add(1);
  switch (node.operation) {
    case Operation::constant: return of(node.value);
    case Operation::all_of:
    case Operation::any_of:
    case Operation::none_of: return evaluate_group(node, c, keywords, bodies, work);
    case Operation::system_flag: return of((c.flags.system & node.flag) != 0);
    case Operation::keyword:
      return of(keywords.set_has(c.flags.keywords, static_cast<std::uint16_t>(node.keyword)));
    case Operation::uid: return of(node.set.contains(c.member.uid.value));
    case Operation::from: return in_key(c, c.keys.from(), "from", node, work);
    case Operation::to: return in_key(c, c.keys.to(), "to", node, work);
    case Operation::cc: return in_key(c, c.keys.cc(), "cc", node, work);
    case Operation::bcc: return in_key(c, c.keys.bcc(), "bcc", node, work);
    case Operation::subject: return in_key(c, c.keys.subject(), "subject", node, work);
    case Operation::header: return in_header(c, node, work);
    case Operation::body:
    case Operation::text: return in_text(c, node, bodies, work);
    case Operation::larger: return of(c.member.size > node.number);
    case Operation::smaller: return of(c.member.size < node.number);
    case Operation::internal_before: return of(local_date(c.member.internal_date) < node.date);
    case Operation::internal_on: return of(local_date(c.member.internal_date) == node.date);
    case Operation::internal_since: return of(local_date(c.member.internal_date) >= node.date);
    case Operation::sent_before:
    case Operation::sent_on:
    case Operation::sent_since: return sent(c, node);
    case Operation::saved_before: return of(local_date({c.member.save_date, 0}) < node.date);
    case Operation::saved_on: return of(local_date({c.member.save_date, 0}) == node.date);
    case Operation::saved_since: return of(local_date({c.member.save_date, 0}) >= node.date);
    case Operation::arrived_before: return of(c.member.internal_date.seconds <= node.seconds);
    case Operation::arrived_since: return of(c.member.internal_date.seconds >= node.seconds);
    case Operation::modseq: return of(c.flags.modseq.value >= node.number);
    case Operation::ordinal: return of(c.member.ordinal.value == node.number);
    case Operation::email: return is_email(c, node, work);
    case Operation::thread: return in_thread(c, node, work);
  }
  return Verdict::no;
}

}  // namespace posthorn::search
