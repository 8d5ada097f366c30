#include "server/autoconfig/autoconfig.h"

#include <fmt/core.h>

#include "server/autoconfig/mail_address.h"
#include "server/autoconfig/xml_writer.h"

namespace posthorn::server::autoconfig {
namespace {

using http::refusal;
using http::Request;
using http::Response;
using http::StatusCode;

std::string_view type_of(Kind kind) {
  switch (kind) {
    case Kind::imap: return "imap";
    case Kind::pop3: return "pop3";
    case Kind::submission: return "smtp";
  }
  return "";
}

std::string_view socket_type_of(Protection protection) {
  switch (protection) {
    case Protection::tls: return "SSL";
    case Protection::starttls: return "STARTTLS";
    case Protection::none: return "plain";
  }
  return "";
}

void write_service(XmlWriter& xml, const std::string& hostname, const Service& service) {
  const bool outgoing = service.kind == Kind::submission;
  xml.open(outgoing ? "outgoingServer" : "incomingServer", {{"type", type_of(service.kind)}});
  xml.leaf("hostname", hostname);
  xml.leaf("port", fmt::to_string(service.port));
  xml.leaf("socketType", socket_type_of(service.protection));
  // This describes the authentication mechanism only; socketType describes the connection.
  xml.leaf("authentication", "password-cleartext");
  xml.leaf("username", "%EMAILADDRESS%");
  xml.close();
}

/// The domains in the answer: that of the address, or else those that the server has mail for.
std::vector<std::string> domains_of(const Services& services,
                                    const std::optional<MailAddress>& address) {
  if (address) return {address->domain};
  if (!services.domains.empty()) return services.domains;
  return {services.hostname};
}

}  // namespace

Response answer_autoconfig(const Services& services, const Request& request) {
  const std::string* const given = find_emailaddress(request);
  std::optional<MailAddress> address;
  if (given != nullptr) {
    address = parse_mail_address(*given);
    if (!address)
      return refusal(StatusCode::bad_request,
                     "The parameter emailaddress is not an e-mail address.");
  }
  const std::vector<std::string> domains = domains_of(services, address);
  XmlWriter xml;
  xml.open("clientConfig", {{"version", "1.1"}});
  xml.open("emailProvider", {{"id", domains.front()}});
  for (const std::string& domain : domains) xml.leaf("domain", domain);
  xml.leaf("displayName", domains.front());
  xml.leaf("displayShortName", domains.front());
  // The order expresses preference, so outgoing servers may stand between the others.
  for (const Service& service : services.offered) write_service(xml, services.hostname, service);
  xml.close();
  xml.close();
  return {.content_type = "text/xml; charset=utf-8", .body = std::move(xml).finish()};
}

}  // namespace posthorn::server::autoconfig
