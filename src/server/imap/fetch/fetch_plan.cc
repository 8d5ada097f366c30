#include "server/imap/fetch/fetch_plan.h"

#include <algorithm>

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using Kind = wi::FetchItem::Kind;
using Text = wi::Section::Text;
using store::Column;
using Bodies = service::FetchNeeds::Bodies;

constexpr store::Columns kWhole = bit(Column::header) | bit(Column::body);
constexpr store::Columns kParts = kWhole | bit(Column::structure);

/// For a section of the message itself, not of a part.
store::Columns columns_of_section(const wi::FetchItem& item) {
  if (!item.section.part.empty()) return kParts;
  switch (item.section.text) {
    case Text::header:
    case Text::header_fields:
    case Text::header_fields_not: return bit(Column::header);
    case Text::whole:
    case Text::text: return kWhole;
    case Text::mime: return kParts;
  }
  return kParts;
}

store::Columns columns_of(const wi::FetchItem& item) {
  switch (item.kind) {
    case Kind::envelope:
    case Kind::body:
    case Kind::body_structure:
    case Kind::preview: return bit(Column::structure);
    case Kind::thread_id: return bit(Column::keys);
    case Kind::rfc822_header: return bit(Column::header);
    case Kind::rfc822:
    case Kind::rfc822_text: return kWhole;
    case Kind::body_section: return columns_of_section(item);
    case Kind::binary:
    case Kind::binary_size: return kParts;
    default: return 0;
  }
}

/// Returns whether the item is a complete body.
bool is_whole_body(const wi::FetchItem& item) {
  if (item.kind == Kind::rfc822 || item.kind == Kind::rfc822_text) return true;
  const bool text = item.section.text == Text::whole || item.section.text == Text::text;
  return item.kind == Kind::body_section && item.section.part.empty() && text && !item.partial;
}

}  // namespace

FetchPlan plan_fetch(const wi::FetchCommand& command, UidItem uid, Origins origins) {
  FetchPlan plan;
  plan.items = command.items;
  const auto has = [&](Kind kind) {
    return std::ranges::find(plan.items, kind, &wi::FetchItem::kind) != plan.items.end();
  };
  // RFC 9051 §6.4.9: every response to UID FETCH has the UID. It comes first, because clients look
  // for it there.
  if (command.numbering == wi::Numbering::uid && (uid == UidItem::always || has(Kind::uid))) {
    std::erase_if(plan.items, [](const wi::FetchItem& item) { return item.kind == Kind::uid; });
    plan.items.insert(plan.items.begin(), wi::FetchItem{});
  }
  // RFC 7162 §3.1.4.1: CHANGEDSINCE implies MODSEQ.
  if (command.changed_since && !has(Kind::modseq)) {
    wi::FetchItem modseq;
    modseq.kind = Kind::modseq;
    plan.items.push_back(std::move(modseq));
  }
  for (const wi::FetchItem& item : plan.items) {
    const store::Columns columns = columns_of(item);
    plan.needs.columns |= columns;
    if ((columns & bit(Column::body)) != 0)
      plan.needs.bodies =
          std::max(plan.needs.bodies, is_whole_body(item) ? Bodies::whole : Bodies::parts);
    plan.sets_seen = plan.sets_seen || !item.peek;
  }
  // The column alone: nothing of the body is read.
  if (origins == Origins::possible && (has(Kind::email_id) || has(Kind::thread_id)))
    plan.needs.columns |= bit(Column::body);
  return plan;
}

}  // namespace posthorn::server::imap
