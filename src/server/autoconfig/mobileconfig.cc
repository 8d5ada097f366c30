#include "server/autoconfig/mobileconfig.h"

#include <fmt/core.h>

#include "auth/crypto.h"
#include "server/autoconfig/mail_address.h"
#include "server/autoconfig/xml_writer.h"
#include "text/ascii.h"

namespace posthorn::server::autoconfig {
namespace {

using http::refusal;
using http::Request;
using http::Response;
using http::StatusCode;

constexpr std::string_view kDoctype =
    "plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\"";

/// A property list's dictionary, key by key.
class Dictionary {
 public:
  explicit Dictionary(XmlWriter& xml) : xml_(xml) { xml_.open("dict"); }
  ~Dictionary() { xml_.close(); }
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  void string(std::string_view key, std::string_view value) {
    xml_.leaf("key", key);
    xml_.leaf("string", value);
  }
  void integer(std::string_view key, unsigned value) {
    xml_.leaf("key", key);
    xml_.leaf("integer", fmt::to_string(value));
  }
  void boolean(std::string_view key, bool value) {
    xml_.leaf("key", key);
    xml_.empty(value ? "true" : "false");
  }

 private:
  XmlWriter& xml_;
};

/// A UUID (RFC 9562 §5.8) derived from its purpose, so that it is the same every time.
std::string uuid_of(std::string_view purpose, std::string_view hostname, std::string_view address) {
  auth::Hash hash = auth::sha256(
      fmt::format("mobileconfig\n{}\n{}\n{}", purpose, hostname, text::lower(address)));
  hash[6] = static_cast<std::uint8_t>((hash[6] & 0x0FU) | 0x80U);
  hash[8] = static_cast<std::uint8_t>((hash[8] & 0x3FU) | 0x80U);
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02X}", hash[i]);
  }
  return out;
}

const Service* find(const Services& services, Kind kind) {
  const auto at = std::ranges::find(services.offered, kind, &Service::kind);
  return at == services.offered.end() ? nullptr : &*at;
}

/// Writes the keys that every payload has.
void identify(Dictionary& dict, std::string_view type, std::string_view uuid,
              const Services& services) {
  dict.string("PayloadType", type);
  dict.integer("PayloadVersion", 1);
  dict.string("PayloadUUID", uuid);
  dict.string("PayloadIdentifier", fmt::format("{}.{}", services.hostname, uuid));
  dict.string("PayloadOrganization", services.hostname);
}

/// One of the two directions, "IncomingMailServer" or "OutgoingMailServer".
void describe(Dictionary& dict, std::string_view direction, const Services& services,
              const Service& service, std::string_view address) {
  const auto key = [&](std::string_view what) { return fmt::format("{}{}", direction, what); };
  dict.string(key("Authentication"), "EmailAuthPassword");
  dict.string(key("HostName"), services.hostname);
  dict.integer(key("PortNumber"), service.port);
  // On ports where TLS does not start at once, Mail uses STARTTLS.
  dict.boolean(key("UseSSL"), service.protection != Protection::none);
  if (!address.empty()) dict.string(key("Username"), address);
}

void write_account(XmlWriter& xml, const Services& services, const Service& incoming,
                   const Service* outgoing, std::string_view address) {
  Dictionary dict(xml);
  identify(dict, "com.apple.mail.managed", uuid_of("account", services.hostname, address),
           services);
  dict.string("PayloadDisplayName", "Mail");
  dict.string("EmailAccountDescription", address.empty() ? services.hostname : address);
  dict.string("EmailAccountType", incoming.kind == Kind::pop3 ? "EmailTypePOP" : "EmailTypeIMAP");
  if (!address.empty()) dict.string("EmailAddress", address);
  describe(dict, "IncomingMailServer", services, incoming, address);
  if (outgoing == nullptr) return;
  describe(dict, "OutgoingMailServer", services, *outgoing, address);
  dict.boolean("OutgoingPasswordSameAsIncomingPassword", true);
}

}  // namespace

Response answer_mobileconfig(const Services& services, const Request& request) {
  const std::string* const given = find_emailaddress(request);
  if (given != nullptr && !parse_mail_address(*given))
    return refusal(StatusCode::bad_request, "The parameter emailaddress is not an e-mail address.");
  const std::string address = given == nullptr ? "" : *given;
  const Service* incoming = find(services, Kind::imap);
  if (incoming == nullptr) incoming = find(services, Kind::pop3);
  if (incoming == nullptr)
    return refusal(StatusCode::not_found, "This server offers neither IMAP nor POP3.");

  XmlWriter xml(kDoctype);
  xml.open("plist", {{"version", "1.0"}});
  {
    Dictionary profile(xml);
    identify(profile, "Configuration", uuid_of("profile", services.hostname, address), services);
    profile.string("PayloadDisplayName", address.empty() ? services.hostname : address);
    profile.string("PayloadDescription", fmt::format("A mail account at {}", services.hostname));
    profile.boolean("PayloadRemovalDisallowed", false);
    xml.leaf("key", "PayloadContent");
    xml.open("array");
    write_account(xml, services, *incoming, find(services, Kind::submission), address);
    xml.close();
  }
  xml.close();
  return {.content_type = "application/x-apple-aspen-config",
          .body = std::move(xml).finish(),
          .more = {{"Content-Disposition", "attachment; filename=\"mail.mobileconfig\""}}};
}

}  // namespace posthorn::server::autoconfig
