#include "service/sending/submitted_header.h"

#include "message/header/address.h"
#include "message/header/date.h"
#include "message/header/header.h"
#include "message/header/message_id.h"
#include "text/ascii.h"

namespace posthorn::service {
namespace {

struct Found {
  std::vector<std::string_view> from;
  bool date = false;
  bool message_id = false;
};

Found look_through(std::string_view header) {
  Found found;
  message::HeaderIterator fields(header);
  message::HeaderField field;
  while (fields.next(field)) {
    if (text::iequals(field.name, "From")) found.from.push_back(field.value);
    if (text::iequals(field.name, "Date")) found.date = true;
    // An invalid Message-ID is useless for anybody who answers.
    if (text::iequals(field.name, "Message-ID") && !message::parse_message_id(field.value).empty())
      found.message_id = true;
  }
  return found;
}

Result<std::vector<EnvelopeAddress>> authors(std::string_view from) {
  std::vector<EnvelopeAddress> out;
  for (const message::Address& address : message::parse_address_list(from)) {
    if (address.kind != message::Address::Kind::mailbox || address.mailbox.empty()) continue;
    if (address.host.empty()) return fail(ErrorKind::syntax, "The address in From has no domain");
    out.push_back({address.mailbox, address.host, address.mailbox + "@" + address.host});
  }
  if (out.empty()) return fail(ErrorKind::syntax, "The From field contains no address");
  return out;
}

EnvelopeAddress parts_of(const std::string& address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string::npos) return {address, "", address};
  return {address.substr(0, at), address.substr(at + 1), address};
}

/// A new id of 128 random bits, in the sender's domain.
std::string new_message_id(std::string_view domain) {
  return fmt::format("<{}@{}>", to_hex(random_partition_id()), domain);
}

}  // namespace

Result<SubmittedHeader> complete_header(std::string_view header, const HeaderFacts& facts) {
  const Found found = look_through(header);
  SubmittedHeader out;
  if (found.from.size() > 1) return fail(ErrorKind::syntax, "There is more than one From field");
  if (found.from.empty()) {
    if (facts.return_path.empty()) return fail(ErrorKind::syntax, "There is no From field");
    out.from.push_back(parts_of(facts.return_path));
    out.added += fmt::format("From: <{}>\r\n", facts.return_path);
  } else {
    auto named = authors(found.from.front());
    if (!named) return pass(named);
    out.from = std::move(*named);
  }
  if (!found.date) out.added += fmt::format("Date: {}\r\n", message::format_date(facts.now));
  if (!found.message_id) {
    const std::string& domain = out.from.front().domain;
    const bool plain = !domain.empty() && domain.front() != '[' && text::is_ascii(domain);
    out.added += fmt::format("Message-ID: {}\r\n", new_message_id(plain ? domain : facts.hostname));
  }
  return out;
}

}  // namespace posthorn::service
