#include "wire/imap/chars.h"
#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap {

namespace {

using namespace grammar;
using Kind = AppendItem::Kind;
using Place = AppendText::Place;

// The literal header must be the last thing in the text.
bool last_literal(Input& in, LiteralHeader& out) {
  const std::string_view rest = in.rest();
  if (!find_literal_header(rest, out) || out.length != rest.size())
    return in.expected("the message as a literal");
  if (out.size > INT64_MAX) return in.refuse(ErrorKind::too_big, "the literal is too large");
  in.take_count(rest.size());
  return true;
}

// [SP flag-list] [SP date-time]
bool append_options(Input& in, AppendMessage& out) {
  if (in.peek() == '(' && (!flag_list(in, out.flags) || !in.sp())) return false;
  if (in.peek() != '"') return true;
  Timestamp when;
  if (!date_time(in, when) || !in.sp()) return false;
  out.date_seconds = when.seconds;
  out.date_zone_minutes = when.zone_minutes;
  return true;
}

// Reads one text of an APPEND: the rules of RFC 9051 §9, RFC 3502 §6.3.11, RFC 4469 §5 and RFC 6855
// §4, which a literal may interrupt. RFC 9755 removed the UTF8 form, but clients still send it.
class AppendRules {
 public:
  AppendRules(Input& in, AppendText& out) : in_(in), out_(out) {}

  // The rest of a text that begins at out.place. The text ends with a literal header or with the
  // command.
  bool run() {
    for (;;) {
      switch (out_.place) {
        case Place::between: {
          in_.skip_spaces();
          if (in_.at_end()) return out_.ended = true;
          if (!message()) return false;
          break;
        }
        // workaround: Thunderbird closes its "UTF8 (" directly after the message.
        case Place::in_utf8_message:
          if (!in_.close()) return false;
          if (!in_.at_end() && in_.peek() != ' ') return in_.expected("a space");
          end();
          continue;
        case Place::in_message:
          if (!in_.at_end() && in_.peek() != ' ') return in_.expected("a space");
          end();
          continue;
        case Place::in_parts:
          if (!parts()) return false;
          break;
      }
      if (out_.place != Place::between) return true;  // A literal follows.
      if (!in_.at_end() && in_.peek() != ' ') return in_.expected("a space");
    }
  }

  // A message and what may follow it. The first one is required.
  bool message() {
    AppendItem& begun = out_.items.emplace_back();
    begun.kind = Kind::message;
    if (!append_options(in_, begun.message)) return false;
    if (in_.take("CATENATE ")) {
      begun.message.catenated = true;
      in_.skip_spaces();
      if (!in_.open()) return false;
      if (in_.peek() == ')') return in_.expected("TEXT or URL");
      out_.place = Place::in_parts;
      return parts();
    }
    if (in_.take("UTF8 ")) {
      begun.message.utf8_wrapped = true;
      in_.skip_spaces();
      if (!in_.open()) return false;
    }
    out_.place = begun.message.utf8_wrapped ? Place::in_utf8_message : Place::in_message;
    return literal(Kind::octets);
  }

 private:
  void end() {
    out_.items.emplace_back();
    out_.place = Place::between;
  }

  bool literal(Kind kind) {
    AppendItem item;
    item.kind = kind;
    if (!last_literal(in_, item.literal)) return false;
    out_.items.push_back(std::move(item));
    return true;
  }

  // cat-part *(SP cat-part) ")", up to a literal.
  bool parts() {
    for (;;) {
      in_.skip_spaces();
      if (in_.take(')')) {
        end();
        return true;
      }
      if (!in_.within_list(out_.items.size())) return false;
      if (in_.take("TEXT ")) {
        in_.skip_spaces();
        return literal(Kind::octets);
      }
      if (!in_.take("URL ")) return in_.expected("TEXT or URL");
      in_.skip_spaces();
      if (in_.peek() == '{') return literal(Kind::url_literal);
      AppendItem item;
      item.kind = Kind::url;
      if (!astring(in_, item.url)) return false;
      out_.items.push_back(std::move(item));
      if (!in_.at_end() && in_.peek() != ' ' && in_.peek() != ')') return in_.expected("a space");
    }
  }

  Input& in_;
  AppendText& out_;
};

bool first_text(Input& in, AppendText& out) {
  AppendRules rules(in, out);
  if (!in.sp() || !rules.message()) return false;
  return out.place != Place::between || rules.run();
}

}  // namespace

bool grammar::arguments(Input& in, AppendCommand& out) {
  return in.sp() && mailbox(in, out.mailbox) && first_text(in, out.first);
}

// RFC 8508 §5: "REPLACE" SP seq-number SP mailbox append-message
bool grammar::arguments(Input& in, ReplaceCommand& out) {
  return in.sp() && single_number(in, out.replaced) && in.sp() && mailbox(in, out.mailbox) &&
         first_text(in, out.first);
}

Result<AppendText> parse_append_next(std::string_view text, AppendText::Place place,
                                     const ParseOptions& options) {
  Input in(text, options);
  AppendText out;
  out.place = place;
  if (!AppendRules(in, out).run()) return std::unexpected(in.take_error());
  return out;
}

}  // namespace posthorn::wire::imap
