#include "wire/imap/chars.h"
#include "wire/imap/command/rules.h"

namespace posthorn::wire::imap {

namespace {

using namespace grammar;

// The literal header must be the last thing in the text.
bool message_literal(Input& in, LiteralHeader& out) {
  const std::string_view rest = in.rest();
  if (!find_literal_header(rest, out) || out.length != rest.size())
    return in.expected("the message as a literal");
  if (out.size > INT64_MAX) return in.refuse(ErrorKind::too_big, "the literal is too large");
  in.take_count(rest.size());
  return true;
}

// [SP flag-list] [SP date-time] SP (literal / literal8 / "UTF8" SP "(" literal8 ")"): RFC 9051 §9,
// RFC 3502 §6.3.11, RFC 6855 §4. RFC 9755 removed the UTF8 form, but clients still send it.
bool append_message(Input& in, AppendMessage& out) {
  if (!in.sp()) return false;
  if (in.peek() == '(' && (!flag_list(in, out.flags) || !in.sp())) return false;
  if (in.peek() == '"') {
    Timestamp when;
    if (!date_time(in, when) || !in.sp()) return false;
    out.date_seconds = when.seconds;
    out.date_zone_minutes = when.zone_minutes;
  }
  out.utf8_wrapped = in.take("UTF8 ");
  if (out.utf8_wrapped) {
    in.skip_spaces();
    if (!in.open()) return false;
  }
  return message_literal(in, out.literal);
}

// workaround: Thunderbird closes its "UTF8 (" directly after the message.
bool close_last(Input& in, const AppendMessage& last) { return !last.utf8_wrapped || in.close(); }

}  // namespace

bool grammar::arguments(Input& in, AppendCommand& out) {
  return in.sp() && mailbox(in, out.mailbox) && append_message(in, out.first);
}

// RFC 8508 §5: "REPLACE" SP seq-number SP mailbox append-message
bool grammar::arguments(Input& in, ReplaceCommand& out) {
  return in.sp() && single_number(in, out.replaced) && in.sp() && mailbox(in, out.mailbox) &&
         append_message(in, out.first);
}

Result<AppendMessage> parse_append_next(std::string_view text, const AppendMessage& last,
                                        const ParseOptions& options) {
  Input in(text, options);
  AppendMessage out;
  if (!close_last(in, last) || !append_message(in, out)) return std::unexpected(in.take_error());
  return out;
}

Status parse_append_end(std::string_view text, const AppendMessage& last) {
  const ParseOptions options;
  Input in(text, options);
  if (!close_last(in, last) || !in.end()) return std::unexpected(in.take_error());
  return {};
}

}  // namespace posthorn::wire::imap
