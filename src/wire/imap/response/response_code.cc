#include "wire/imap/response/response_code.h"

#include <algorithm>
#include <span>

namespace posthorn::wire::imap {

std::string_view name_of(CodeName code) {
  switch (code) {
    case CodeName::alert: return "ALERT";
    case CodeName::parse: return "PARSE";
    case CodeName::read_only: return "READ-ONLY";
    case CodeName::read_write: return "READ-WRITE";
    case CodeName::try_create: return "TRYCREATE";
    case CodeName::uid_not_sticky: return "UIDNOTSTICKY";
    case CodeName::closed: return "CLOSED";
    case CodeName::unavailable: return "UNAVAILABLE";
    case CodeName::authentication_failed: return "AUTHENTICATIONFAILED";
    case CodeName::authorization_failed: return "AUTHORIZATIONFAILED";
    case CodeName::expired: return "EXPIRED";
    case CodeName::privacy_required: return "PRIVACYREQUIRED";
    case CodeName::contact_admin: return "CONTACTADMIN";
    case CodeName::no_perm: return "NOPERM";
    case CodeName::in_use: return "INUSE";
    case CodeName::expunge_issued: return "EXPUNGEISSUED";
    case CodeName::corruption: return "CORRUPTION";
    case CodeName::server_bug: return "SERVERBUG";
    case CodeName::client_bug: return "CLIENTBUG";
    case CodeName::cannot: return "CANNOT";
    case CodeName::limit: return "LIMIT";
    case CodeName::over_quota: return "OVERQUOTA";
    case CodeName::already_exists: return "ALREADYEXISTS";
    case CodeName::nonexistent: return "NONEXISTENT";
    case CodeName::not_saved: return "NOTSAVED";
    case CodeName::has_children: return "HASCHILDREN";
    case CodeName::unknown_cte: return "UNKNOWN-CTE";
    case CodeName::no_modseq: return "NOMODSEQ";
    case CodeName::too_big: return "TOOBIG";
    case CodeName::compression_active: return "COMPRESSIONACTIVE";
    case CodeName::use_attr: return "USEATTR";
    case CodeName::notification_overflow: return "NOTIFICATIONOVERFLOW";
    case CodeName::uid_required: return "UIDREQUIRED";
    case CodeName::too_few: return "TOOFEW";
    case CodeName::too_many: return "TOOMANY";
    case CodeName::metadata_too_many: return "METADATA TOOMANY";
    case CodeName::bad_comparator: return "BADCOMPARATOR";
  }
  return "SERVERBUG";
}

namespace {

// Writes the text between the brackets; returns false if there is nothing to write.
class CodeFormat {
 public:
  explicit CodeFormat(Writer& writer) : w(writer) {}

  bool operator()(std::monostate) const { return false; }
  bool operator()(CodeName c) const {
    w.raw(name_of(c));
    return true;
  }
  bool operator()(const code::BadCharset& c) const { return list("BADCHARSET", c.known); }
  bool operator()(const code::BadEvent& c) const { return list("BADEVENT", c.known); }
  bool operator()(const code::Capability& c) const {
    w.raw("CAPABILITY ").raw(c.names);
    return true;
  }
  bool operator()(const code::PermanentFlags& c) const {
    w.raw("PERMANENTFLAGS ").flag_list(c.system, Recent::no, c.keywords);
    if (!c.any) return true;
    // The list is open again for one more.
    std::string& out = w.out();
    out.pop_back();
    w.raw(out.back() == '(' ? "\\*)" : " \\*)");
    return true;
  }
  bool operator()(const code::UidNext& c) const { return number("UIDNEXT ", c.uid.value); }
  bool operator()(const code::UidValidity& c) const {
    return number("UIDVALIDITY ", c.value.value);
  }
  bool operator()(const code::Unseen& c) const { return number("UNSEEN ", c.first.value); }
  bool operator()(const code::HighestModSeq& c) const {
    return number("HIGHESTMODSEQ ", c.value.value);
  }
  bool operator()(const code::AppendUid& c) const {
    if (c.uids.empty()) return false;
    w.raw("APPENDUID ").number(c.uid_validity.value).sp().set(c.uids);
    return true;
  }
  bool operator()(const code::CopyUid& c) const {
    if (c.from.empty() || c.to.empty()) return false;
    w.raw("COPYUID ").number(c.uid_validity.value).sp().set(c.from).sp().set(c.to);
    return true;
  }
  bool operator()(const code::Modified& c) const {
    if (c.numbers.empty()) return false;
    w.raw("MODIFIED ").set(c.numbers);
    return true;
  }
  bool operator()(const code::MailboxId& c) const {
    w.raw("MAILBOXID (").raw(c.id).raw(')');
    return true;
  }
  bool operator()(const code::BadUrl& c) const {
    constexpr std::size_t kLongest = 1000;
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    w.raw("BADURL ");
    if (c.url.empty()) w.raw('-');
    for (const char octet : std::string_view(c.url).substr(0, kLongest)) {
      if (octet > ' ' && octet < '\x7f' && octet != ']') {
        w.raw(octet);
        continue;
      }
      const auto value = static_cast<unsigned char>(octet);
      w.raw('%').raw(kDigits[value / 16]).raw(kDigits[value % 16]);
    }
    return true;
  }
  bool operator()(const code::LongEntries& c) const {
    return number("METADATA LONGENTRIES ", c.octets);
  }
  bool operator()(const code::UndefinedFilter& c) const {
    w.raw("UNDEFINED-FILTER ").raw(c.name);
    return true;
  }
  bool operator()(const code::NoUpdate& c) const {
    w.raw("NOUPDATE ").quoted(c.tag);
    return true;
  }
  bool operator()(const code::MaxSize& c) const { return number("METADATA MAXSIZE ", c.octets); }
  bool operator()(const code::InProgress& c) const {
    w.raw("INPROGRESS");
    if (!c.progress) return true;
    w.raw(" (");
    if (c.tag.empty() || c.tag.find(']') != std::string_view::npos)
      w.raw("NIL");
    else
      w.quoted(c.tag);
    w.sp().number(*c.progress).sp();
    if (c.goal)
      w.number(*c.goal);
    else
      w.raw("NIL");
    w.raw(')');
    return true;
  }

 private:
  bool list(std::string_view name, std::span<const std::string_view> items) const {
    w.raw(name);
    std::string_view gap = " (";
    for (const std::string_view item : items) {
      w.raw(gap).astring(item);
      gap = " ";
    }
    if (!items.empty()) w.raw(')');
    return true;
  }
  bool number(std::string_view name, std::uint64_t n) const {
    w.raw(name).number(n);
    return true;
  }

  Writer& w;
};

}  // namespace

void format_code(Writer& w, const Code& code) {
  const std::size_t start = w.out().size();
  w.raw('[');
  if (std::visit(CodeFormat(w), code))
    w.raw("] ");
  else
    w.out().resize(start);
}

}  // namespace posthorn::wire::imap
