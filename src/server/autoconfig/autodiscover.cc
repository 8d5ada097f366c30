#include "server/autoconfig/autodiscover.h"

#include <fmt/core.h>

#include "server/autoconfig/autodiscover_request.h"
#include "server/autoconfig/mail_address.h"
#include "server/autoconfig/xml_writer.h"

namespace posthorn::server::autoconfig {
namespace {

using http::refusal;
using http::Request;
using http::Response;
using http::StatusCode;

constexpr std::string_view kEnvelope =
    "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
constexpr std::string_view kOutlook =
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// [MS-OXDSCLI] 2.2.4.1.1.1.
enum class ErrorCode : std::uint16_t { invalid_request = 600, no_such_schema = 601 };

Response xml_response(XmlWriter xml) {
  return {.content_type = "text/xml; charset=utf-8", .body = std::move(xml).finish()};
}

/// Sent with status 200: clients read the code in the body.
Response error_response(ErrorCode code, std::string_view message) {
  XmlWriter xml;
  xml.open("Autodiscover", {{"xmlns", kEnvelope}});
  xml.open("Response");
  xml.open("Error");
  xml.leaf("ErrorCode", fmt::to_string(static_cast<unsigned>(code)));
  xml.leaf("Message", message);
  xml.empty("DebugData");
  xml.close();
  xml.close();
  xml.close();
  return xml_response(std::move(xml));
}

std::string_view type_of(Kind kind) {
  switch (kind) {
    case Kind::imap: return "IMAP";
    case Kind::pop3: return "POP3";
    case Kind::submission: return "SMTP";
  }
  return "";
}

std::string_view encryption_of(Protection protection) {
  switch (protection) {
    case Protection::tls: return "SSL";
    case Protection::starttls: return "TLS";
    case Protection::none: return "None";
  }
  return "";
}

void write_protocol(XmlWriter& xml, const Services& services, const Service& service,
                    std::string_view login) {
  xml.open("Protocol");
  xml.leaf("Type", type_of(service.kind));
  xml.leaf("Server", services.hostname);
  xml.leaf("Port", fmt::to_string(service.port));
  xml.leaf("DomainRequired", "off");
  xml.leaf("LoginName", login);
  xml.leaf("SPA", "off");
  // Older versions of Outlook read only SSL; newer ones read Encryption, which is more precise.
  xml.leaf("SSL", service.protection == Protection::none ? "off" : "on");
  xml.leaf("Encryption", encryption_of(service.protection));
  xml.leaf("AuthRequired", "on");
  if (service.kind == Kind::submission) {
    xml.leaf("UsePOPAuth", "on");  // Use the credentials of the incoming server.
    xml.leaf("SMTPLast", "off");
  }
  xml.close();
}

}  // namespace

Response answer_autodiscover(const Services& services, std::string_view body) {
  const Result<AutodiscoverRequest> asked = parse_autodiscover(body);
  if (!asked) return refusal(StatusCode::bad_request, asked.error().text);
  const auto address = parse_mail_address(asked->address);
  if (!address) return error_response(ErrorCode::invalid_request, "Invalid Request");
  // Phones request ActiveSync, which this server does not support.
  if (!asked->response_schema.empty() && asked->response_schema != kOutlook)
    return error_response(ErrorCode::no_such_schema, "Requested schema version not supported");

  XmlWriter xml;
  xml.open("Autodiscover", {{"xmlns", kEnvelope}});
  xml.open("Response", {{"xmlns", kOutlook}});
  xml.open("User");
  xml.leaf("DisplayName", address->text);
  xml.close();
  xml.open("Account");
  xml.leaf("AccountType", "email");
  xml.leaf("Action", "settings");
  for (const Service& service : services.offered)
    write_protocol(xml, services, service, address->text);
  xml.close();
  xml.close();
  xml.close();
  return xml_response(std::move(xml));
}

Response redirect_autodiscover(const Services& services, const Request& request) {
  if (request.is_tls || services.https_port == 0) {
    Response response =
        refusal(StatusCode::method_not_allowed, "Settings must be requested with POST.");
    response.more.push_back({"Allow", "POST"});
    return response;
  }
  const std::string port =
      services.https_port == 443 ? "" : fmt::format(":{}", services.https_port);
  Response response = refusal(StatusCode::found, "Repeat the request over HTTPS.");
  response.more.push_back({"Location", fmt::format("https://{}{}/autodiscover/autodiscover.xml",
                                                   services.hostname, port)});
  return response;
}

}  // namespace posthorn::server::autoconfig
