#include "service/sending/submitted_header.h"

#include "message/header/address.h"
#include "message/header/date.h"
#include "message/header/header.h"
#include "message/header/message_id.h"
#include "text/ascii.h"

namespace posthorn::service {
namespace {

/// Each is looked up.
constexpr std::size_t kMaxAuthors = 50;

struct Found {
  std::vector<std::string_view> from;
  std::vector<std::string_view> sender;
  bool date = false;
  bool message_id = false;
};

Found look_through(std::string_view header) {
  Found found;
  message::HeaderIterator fields(header);
  message::HeaderField field;
  while (fields.next(field)) {
    if (text::iequals(field.name, "From")) found.from.push_back(field.value);
    if (text::iequals(field.name, "Sender")) found.sender.push_back(field.value);
    if (text::iequals(field.name, "Date")) found.date = true;
    // An invalid Message-ID is useless for anybody who answers.
    if (text::iequals(field.name, "Message-ID") && !message::parse_message_id(field.value).empty())
      found.message_id = true;
  }
  return found;
}

/// Appends the addresses in the value of a field named `name`.
Status add_addresses(std::string_view name, std::string_view value,
                     std::vector<EnvelopeAddress>& out) {
  const std::size_t before = out.size();
  for (const message::Address& address : message::parse_address_list(value)) {
    if (address.kind != message::Address::Kind::mailbox || address.mailbox.empty()) continue;
    if (address.host.empty())
      return fail(ErrorKind::syntax, fmt::format("The address in {} has no domain", name));
    if (out.size() == kMaxAuthors)
      return fail(ErrorKind::syntax,
                  fmt::format("A message may have at most {} authors", kMaxAuthors));
    out.push_back({address.mailbox, address.host, address.mailbox + "@" + address.host});
  }
  if (out.size() == before)
    return fail(ErrorKind::syntax, fmt::format("The {} field contains no address", name));
  return {};
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
    out.authors.from.push_back(parts_of(facts.return_path));
    out.added += fmt::format("From: <{}>\r\n", facts.return_path);
  } else {
    if (Status added = add_addresses("From", found.from.front(), out.authors.from); !added)
      return pass(added);
  }
  if (found.sender.size() > 1)
    return fail(ErrorKind::syntax, "There is more than one Sender field");
  if (!found.sender.empty()) {
    if (Status added = add_addresses("Sender", found.sender.front(), out.authors.sender); !added)
      return pass(added);
  }
  if (!found.date) out.added += fmt::format("Date: {}\r\n", message::format_date(facts.now));
  if (!found.message_id) {
    const std::string& domain = out.authors.from.front().domain;
    const bool plain = !domain.empty() && domain.front() != '[' && text::is_ascii(domain);
    out.added += fmt::format("Message-ID: {}\r\n", new_message_id(plain ? domain : facts.hostname));
  }
  return out;
}

}  // namespace posthorn::service
