#include "wire/imap/response/response.h"

#include "wire/imap/chars.h"

namespace posthorn::wire::imap {

namespace {

std::string_view name_of(Condition condition) {
  switch (condition) {
    case Condition::ok: return "OK";
    case Condition::no: return "NO";
    case Condition::bad: return "BAD";
    case Condition::bye: return "BYE";
    case Condition::preauth: return "PREAUTH";
  }
  return "BAD";
}

// resp-text; there is always text after the code (RFC 9051 §9 has text = 1*...).
void resp_text(Writer& w, Condition condition, const Code& code, std::string_view text) {
  const std::size_t before = w.out().size();
  format_code(w, code);
  const bool has_code = w.out().size() != before;
  if (text.empty()) text = condition == Condition::ok ? "Done" : "Failed";
  const std::size_t start = w.out().size();
  for (const char c : text) w.raw(is_ctl(c) || (is_8bit(c) && !w.dialect().utf8) ? ' ' : c);
  // Without a code, the text must not look like one.
  if (!has_code && w.out()[start] == '[') w.out()[start] = '(';
  w.crlf();
}

}  // namespace

void format_tagged(Writer& w, std::string_view tag, Condition condition, const Code& code,
                   std::string_view text) {
  w.raw(tag).sp().raw(name_of(condition)).sp();
  resp_text(w, condition, code, text);
}

void format_untagged(Writer& w, Condition condition, const Code& code, std::string_view text) {
  w.raw("* ").raw(name_of(condition)).sp();
  resp_text(w, condition, code, text);
}

void format_continuation(Writer& w, std::string_view text) { w.raw("+ ").raw(text).crlf(); }

void format_capability(Writer& w, std::string_view names) {
  w.raw("* CAPABILITY ").raw(names).crlf();
}

void format_enabled(Writer& w, std::span<const std::string_view> names) {
  w.raw("* ENABLED");
  for (const std::string_view name : names) w.sp().raw(name);
  w.crlf();
}

void format_id(Writer& w, std::span<const std::pair<std::string_view, std::string_view>> fields) {
  w.raw("* ID ");
  std::string_view gap = "(";
  for (const auto& [name, value] : fields) {
    w.raw(gap).string(name).sp().string(value);
    gap = " ";
  }
  w.raw(fields.empty() ? "NIL" : ")").crlf();
}

void format_flags(Writer& w, SystemFlags system, std::span<const std::string> keywords) {
  w.raw("* FLAGS ").flag_list(system, Recent::no, keywords).crlf();
}

void format_exists(Writer& w, std::uint32_t messages) {
  w.raw("* ").number(messages).raw(" EXISTS\r\n");
}

void format_recent(Writer& w, std::uint32_t messages) {
  if (!w.dialect().rev2) w.raw("* ").number(messages).raw(" RECENT\r\n");
}

void format_expunge(Writer& w, Seqnum seqnum) {
  w.raw("* ").number(seqnum.value).raw(" EXPUNGE\r\n");
}

void format_vanished(Writer& w, Vanished when, const NumberSet& uids) {
  if (uids.empty()) return;
  w.raw(when == Vanished::earlier ? "* VANISHED (EARLIER) " : "* VANISHED ").set(uids).crlf();
}

void format_status(Writer& w, std::string_view mailbox, const StatusValues& values) {
  w.raw("* STATUS ").mailbox(mailbox).raw(" (");
  std::string_view gap;
  const auto item = [&](std::string_view name, std::uint64_t n) {
    w.raw(gap).raw(name).sp().number(n);
    gap = " ";
  };
  if (values.messages) item("MESSAGES", *values.messages);
  if (values.recent && !w.dialect().rev2) item("RECENT", *values.recent);
  if (values.uid_next) item("UIDNEXT", values.uid_next->value);
  if (values.uid_validity) item("UIDVALIDITY", values.uid_validity->value);
  if (values.unseen) item("UNSEEN", *values.unseen);
  if (values.deleted) item("DELETED", *values.deleted);
  if (values.size) item("SIZE", *values.size);
  if (values.highest_modseq) item("HIGHESTMODSEQ", values.highest_modseq->value);
  if (values.append_limit) item("APPENDLIMIT", *values.append_limit);
  if (values.deleted_storage) item("DELETED-STORAGE", *values.deleted_storage);
  if (!values.mailbox_id.empty()) w.raw(gap).raw("MAILBOXID (").raw(values.mailbox_id).raw(')');
  w.raw(")\r\n");
}

void format_quota(Writer& w, std::string_view root, std::span<const QuotaResource> resources) {
  w.raw("* QUOTA ").astring(root).raw(" (");
  std::string_view gap;
  for (const QuotaResource& r : resources) {
    w.raw(gap).raw(r.name).sp().number(r.usage).sp().number(r.limit);
    gap = " ";
  }
  w.raw(")\r\n");
}

void format_quotaroot(Writer& w, std::string_view mailbox,
                      std::span<const std::string_view> roots) {
  w.raw("* QUOTAROOT ").mailbox(mailbox);
  for (const std::string_view root : roots) w.sp().astring(root);
  w.crlf();
}

}  // namespace posthorn::wire::imap
