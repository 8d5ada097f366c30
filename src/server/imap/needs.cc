#include "server/imap/needs.h"

#include <algorithm>

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using Needs = std::vector<std::string_view>;

void add_if(Needs& needs, bool used, std::string_view capability) {
  if (used) needs.push_back(capability);
}

void add_set(Needs& needs, const SequenceSet& set) { add_if(needs, set.saved_result, "SEARCHRES"); }

/// The recursion depth is bounded by the key's parser.
void add_key(Needs& needs, const message::SearchKey& key) {
  using Kind = message::SearchKey::Kind;
  switch (key.kind) {
    case Kind::older:
    case Kind::younger: needs.push_back("WITHIN"); break;
    case Kind::saved_before:
    case Kind::saved_on:
    case Kind::saved_since:
    case Kind::save_date_supported: needs.push_back("SAVEDATE"); break;
    case Kind::modseq: needs.push_back("CONDSTORE"); break;
    case Kind::email_id:
    case Kind::thread_id: needs.push_back("OBJECTID"); break;
    case Kind::sequence:
    case Kind::uid: add_set(needs, key.set); break;
    default: break;
  }
  for (const message::SearchKey& child : key.children) add_key(needs, child);
}

void add_status(Needs& needs, wi::StatusItems items) {
  using Item = wi::StatusItem;
  add_if(needs, items.has(Item::size), "STATUS=SIZE");
  add_if(needs, items.has(Item::highest_modseq), "CONDSTORE");
  add_if(needs, items.has(Item::append_limit), "APPENDLIMIT");
  add_if(needs, items.has(Item::mailbox_id), "OBJECTID");
  add_if(needs, items.has(Item::deleted_storage), "QUOTA");
}

void add_append(Needs& needs, const wi::AppendText& text) {
  using Kind = wi::AppendItem::Kind;
  bool utf8_wrapped = false;
  for (const wi::AppendItem& item : text.items) {
    if (item.kind == Kind::message) {
      utf8_wrapped = item.message.utf8_wrapped;
      add_if(needs, utf8_wrapped, "UTF8=ACCEPT");
      add_if(needs, item.message.catenated, "CATENATE");
    }
    // RFC 6855 §4: inside UTF8 ( ), the literal8 form belongs to that extension.
    add_if(
        needs,
        item.kind == Kind::octets && !utf8_wrapped && item.literal.form == wi::LiteralForm::binary,
        "BINARY");
  }
}

std::string_view capability_of(wi::FetchItem::Kind kind) {
  using Kind = wi::FetchItem::Kind;
  switch (kind) {
    case Kind::binary:
    case Kind::binary_size: return "BINARY";
    case Kind::modseq: return "CONDSTORE";
    case Kind::save_date: return "SAVEDATE";
    case Kind::preview: return "PREVIEW";
    case Kind::email_id:
    case Kind::thread_id: return "OBJECTID";
    default: return {};
  }
}

void add_items(Needs& needs, const std::vector<wi::FetchItem>& items) {
  for (const wi::FetchItem& item : items)
    if (const auto name = capability_of(item.kind); !name.empty()) needs.push_back(name);
}

void add_returns(Needs& needs, const std::optional<wi::SearchReturn>& returns,
                 std::string_view syntax, std::string_view contexts) {
  if (!returns) return;
  needs.push_back(syntax);
  add_if(needs, returns->save, "SEARCHRES");
  add_if(needs, returns->partial.has_value(), "PARTIAL");
  add_if(needs, returns->context || returns->update, contexts);
  add_if(needs, !returns->update_fetch.empty(), "NOTIFY");
  add_items(needs, returns->update_fetch);
}

std::string_view capability_of(message::ThreadAlgorithm algorithm) {
  using Algorithm = message::ThreadAlgorithm;
  switch (algorithm) {
    case Algorithm::ordered_subject: return "THREAD=ORDEREDSUBJECT";
    case Algorithm::references: return "THREAD=REFERENCES";
    case Algorithm::refs: return "THREAD=REFS";
  }
  return {};
}

struct Collect {
  Needs& needs;

  void operator()(const auto& /*command*/) const {}
  void operator()(const wi::AuthenticateCommand& c) const {
    add_if(needs, c.initial_response.has_value(), "SASL-IR");
  }
  void operator()(const wi::SelectCommand& c) const {
    add_if(needs, c.condstore, "CONDSTORE");
    add_if(needs, c.qresync.has_value(), "QRESYNC");
  }
  void operator()(const wi::CreateCommand& c) const {
    add_if(needs, !c.special_use.empty(), "CREATE-SPECIAL-USE");
  }
  void operator()(const wi::StatusCommand& c) const { add_status(needs, c.items); }
  void operator()(const wi::ListCommand& c) const {
    add_if(needs, c.extended, "LIST-EXTENDED");
    add_if(needs, c.returns.children, "CHILDREN");
    add_if(needs, c.select.special_use || c.returns.special_use, "SPECIAL-USE");
    add_if(needs, !c.returns.metadata.empty(), "LIST-METADATA");
    add_if(needs, c.returns.my_rights, "LIST-MYRIGHTS");
    if (!c.returns.status) return;
    needs.push_back("LIST-STATUS");
    add_status(needs, *c.returns.status);
  }
  void operator()(const wi::AppendCommand& c) const { add_append(needs, c.first); }
  void operator()(const wi::ReplaceCommand& c) const { add_append(needs, c.first); }
  void operator()(const wi::ExpungeCommand& c) const {
    if (!c.uids) return;
    needs.push_back("UIDPLUS");
    add_set(needs, *c.uids);
  }
  void operator()(const wi::SearchCommand& c) const {
    add_returns(needs, c.returns, "ESEARCH", "CONTEXT=SEARCH");
    add_key(needs, c.key);
  }
  void operator()(const wi::EsearchCommand& c) const {
    add_returns(needs, c.returns, "ESEARCH", "CONTEXT=SEARCH");
    add_key(needs, c.key);
  }
  void operator()(const wi::SortCommand& c) const {
    add_returns(needs, c.returns, "ESORT", "CONTEXT=SORT");
    const bool display = std::ranges::any_of(c.order, [](const message::SortKey& key) {
      return key.field == message::SortField::display_from ||
             key.field == message::SortField::display_to;
    });
    add_if(needs, display, "SORT=DISPLAY");
    add_key(needs, c.key);
  }
  void operator()(const wi::ThreadCommand& c) const {
    needs.push_back(capability_of(c.algorithm));
    add_key(needs, c.key);
  }
  void operator()(const wi::FetchCommand& c) const {
    add_set(needs, c.set);
    add_if(needs, c.changed_since.has_value(), "CONDSTORE");
    add_if(needs, c.vanished, "QRESYNC");
    add_if(needs, c.partial.has_value(), "PARTIAL");
    add_items(needs, c.items);
  }
  void operator()(const wi::NotifyCommand& c) const {
    for (const wi::NotifyGroup& group : c.groups) add_items(needs, group.fetch);
  }
  void operator()(const wi::StoreCommand& c) const {
    add_set(needs, c.set);
    add_if(needs, c.unchanged_since.has_value(), "CONDSTORE");
  }
  void operator()(const wi::CopyCommand& c) const { add_set(needs, c.set); }
  void operator()(const wi::MoveCommand& c) const { add_set(needs, c.set); }
};

/// The recursion depth is bounded by the key's parser.
bool has_message_numbers(const message::SearchKey& key) {
  if (key.kind == message::SearchKey::Kind::sequence && !key.set.saved_result) return true;
  return std::ranges::any_of(key.children, has_message_numbers);
}

struct MessageNumbers {
  bool operator()(const auto& command) const {
    if constexpr (requires { command.numbering; }) {
      if (command.numbering == wi::Numbering::seqnum) return true;
    }
    if constexpr (requires { command.key; }) return has_message_numbers(command.key);
    return false;
  }
  /// Without "UID" it has no arguments.
  bool operator()(const wi::ExpungeCommand& /*command*/) const { return false; }
  bool operator()(const wi::SelectCommand& command) const {
    return command.qresync && command.qresync->match;
  }
};

}  // namespace

bool uses_message_numbers(const wi::CommandBody& body) {
  return std::visit(MessageNumbers{}, body);
}

std::vector<std::string_view> needs_of(const wi::CommandBody& body) {
  Needs needs;
  std::visit(Collect{needs}, body);
  return needs;
}

std::vector<std::string_view> needs_of(const wi::AppendText& text) {
  Needs needs;
  add_append(needs, text);
  return needs;
}

}  // namespace posthorn::server::imap
