#include "server/autoconfig/route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/autoconfig/autoconfig.h"
#include "server/autoconfig/autodiscover.h"
#include "server/autoconfig/mobileconfig.h"
#include "server/http/test_play.h"

namespace posthorn::server::autoconfig {
namespace {

using http::Field;
using http::Request;
using http::Response;
using http::StatusCode;

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Services kServices{.hostname = "mail.example.org",
                         .domains = {"example.org", "example.net"},
                         .offered = {{Kind::imap, Protection::tls, 993},
                                     {Kind::imap, Protection::starttls, 143},
                                     {Kind::pop3, Protection::tls, 995},
                                     {Kind::submission, Protection::tls, 465},
                                     {Kind::submission, Protection::starttls, 587}},
                         .https_port = 443};

Request get(std::string path, std::vector<Field> query = {}) {
  return {.path = std::move(path), .query = std::move(query)};
}

constexpr std::string_view kOutlook =
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

std::string outlook_asks(std::string_view address, std::string_view schema = kOutlook) {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"
      "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/"
      "requestschema/2006\"><Request><EMailAddress>{}</EMailAddress>"
      "<AcceptableResponseSchema>{}</AcceptableResponseSchema></Request></Autodiscover>",
      address, schema);
}

std::string ask(const std::string& method, const std::string& target,
                const std::string& body = "") {
  http::Router router;
  router.mount(routes(kServices));
  const std::string script =
      fmt::format("{} {} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{}", method, target,
                  body.size(), body);
  return http::play(script, {.handler = std::move(router).handler()});
}

TEST(Route, LeadsToEachResource) {
  for (const char* path : {"/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml"})
    EXPECT_THAT(ask("GET", std::string(path) + "?emailaddress=ada%40example.org"),
                HasSubstr("<domain>example.org</domain>"));
  EXPECT_THAT(ask("GET", "/mobileconfig"), HasSubstr("application/x-apple-aspen-config"));
  EXPECT_THAT(ask("GET", "/autodiscover/autodiscover.xml"), HasSubstr("302 Found"));
  EXPECT_THAT(ask("POST", "/AutoDiscover/Autodiscover.XML", outlook_asks("ada@example.org")),
              HasSubstr("<LoginName>ada@example.org</LoginName>"));
}

TEST(Route, TellsWhatIsWrong) {
  EXPECT_THAT(ask("GET", "/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("GET", "/Mail/Config-v1.1.xml"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("POST", "/mobileconfig"), HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(ask("PUT", "/autodiscover/autodiscover.xml"),
              HasSubstr("Allow: GET, HEAD, POST\r\n"));
}

TEST(Autoconfig, SaysWhereEverythingIs) {
  const Response response = answer_autoconfig(
      kServices, get("/mail/config-v1.1.xml", {{"emailaddress", "ada@Example.org"}}));
  EXPECT_EQ(response.status, StatusCode::ok);
  EXPECT_EQ(response.content_type, "text/xml; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("<emailProvider id=\"example.org\">\n"
                                       "    <domain>example.org</domain>\n"));
  EXPECT_THAT(response.body, HasSubstr("    <incomingServer type=\"imap\">\n"
                                       "      <hostname>mail.example.org</hostname>\n"
                                       "      <port>993</port>\n"
                                       "      <socketType>SSL</socketType>\n"
                                       "      <authentication>password-cleartext</authentication>\n"
                                       "      <username>%EMAILADDRESS%</username>\n"
                                       "    </incomingServer>\n"));
  EXPECT_THAT(response.body, HasSubstr("<outgoingServer type=\"smtp\">"));
  EXPECT_LT(response.body.find("<port>993<"), response.body.find("<port>143<"));
}

TEST(Autoconfig, NeedsNoAddress) {
  const Response response = answer_autoconfig(kServices, get("/mail/config-v1.1.xml"));
  EXPECT_THAT(response.body,
              HasSubstr("<domain>example.org</domain>\n    <domain>example.net</domain>\n"));
  Services bare = kServices;
  bare.domains.clear();
  EXPECT_THAT(answer_autoconfig(bare, get("/mail/config-v1.1.xml", {{"emailaddress", ""}})).body,
              HasSubstr("<emailProvider id=\"mail.example.org\">"));
}

TEST(Autoconfig, OffersOnlyWhatThereIs) {
  const Services bare{.hostname = "h", .offered = {{Kind::imap, Protection::none, 1143}}};
  const std::string body = answer_autoconfig(bare, get("/mail/config-v1.1.xml")).body;
  EXPECT_THAT(body, HasSubstr("<socketType>plain</socketType>"));
  EXPECT_THAT(body, Not(HasSubstr("outgoingServer")));
  EXPECT_THAT(body, Not(HasSubstr("pop3")));
}

TEST(Autoconfig, IsWellFormedWhateverTheAddress) {
  const std::string body =
      answer_autoconfig(kServices, get("/mail/config-v1.1.xml", {{"emailaddress", "a@x\"><y&z"}}))
          .body;
  EXPECT_THAT(body, HasSubstr("<emailProvider id=\"x&quot;&gt;&lt;y&amp;z\">"));
  for (const char* bad : {"ada", "@example.org", "ada@", "a b@example.org", "a@b\r\n", "a@\xFF"})
    EXPECT_EQ(
        answer_autoconfig(kServices, get("/mail/config-v1.1.xml", {{"emailaddress", bad}})).status,
        StatusCode::bad_request)
        << bad;
  EXPECT_EQ(answer_autoconfig(kServices, get("/mail/config-v1.1.xml",
                                             {{"emailaddress", std::string(400, 'a') + "@b"}}))
                .status,
            StatusCode::bad_request);
}

TEST(Autodiscover, AnswersOutlook) {
  const Response response = answer_autodiscover(kServices, outlook_asks("ada&amp;bob@example.org"));
  EXPECT_EQ(response.status, StatusCode::ok);
  EXPECT_THAT(response.body, HasSubstr(fmt::format("<Response xmlns=\"{}\">", kOutlook)));
  EXPECT_THAT(response.body, HasSubstr("      <Protocol>\n"
                                       "        <Type>IMAP</Type>\n"
                                       "        <Server>mail.example.org</Server>\n"
                                       "        <Port>993</Port>\n"
                                       "        <DomainRequired>off</DomainRequired>\n"
                                       "        <LoginName>ada&amp;bob@example.org</LoginName>\n"
                                       "        <SPA>off</SPA>\n"
                                       "        <SSL>on</SSL>\n"
                                       "        <Encryption>SSL</Encryption>\n"));
  EXPECT_THAT(response.body, HasSubstr("<Type>POP3</Type>"));
  EXPECT_THAT(response.body, HasSubstr("<Type>SMTP</Type>"));
  EXPECT_THAT(response.body, HasSubstr("<UsePOPAuth>on</UsePOPAuth>"));
}

TEST(Autodiscover, SaysWithACodeWhatItCannotDo) {
  EXPECT_THAT(answer_autodiscover(kServices, outlook_asks("nonsense")).body,
              HasSubstr("<ErrorCode>600</ErrorCode>"));
  EXPECT_THAT(answer_autodiscover(kServices, "<Autodiscover/>").body,
              HasSubstr("<ErrorCode>600</ErrorCode>"));
  const Response phone = answer_autodiscover(
      kServices,
      outlook_asks(
          "ada@example.org",
          "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"));
  EXPECT_EQ(phone.status, StatusCode::ok);
  EXPECT_THAT(phone.body, HasSubstr("<ErrorCode>601</ErrorCode>"));
}

TEST(Autodiscover, RefusesWhatIsNoXmlOrDangerousInIt) {
  const std::string entity =
      "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" + outlook_asks("&e;@example.org");
  const std::string growing =
      "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>"
      "<Autodiscover><Request><EMailAddress>&b;@example.org</EMailAddress></Request>"
      "</Autodiscover>";
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "<a>";
  for (const std::string& body :
       {std::string(), std::string("nonsense"), std::string("<a>"), std::string("<Other/>"), entity,
        growing, deep, outlook_asks("&undeclared;@example.org"),
        std::string("<!DOCTYPE Autodiscover><Autodiscover/>")})
    EXPECT_EQ(answer_autodiscover(kServices, body).status, StatusCode::bad_request) << body;
}

TEST(Autodiscover, SendsThoseOnWhoAskInClear) {
  Request request = get("/autodiscover/autodiscover.xml");
  const Response response = redirect_autodiscover(kServices, request);
  EXPECT_EQ(response.status, StatusCode::found);
  EXPECT_EQ(
      response.more,
      (std::vector<Field>{{"Location", "https://mail.example.org/autodiscover/autodiscover.xml"}}));
  Services high = kServices;
  high.https_port = 1443;
  EXPECT_EQ(redirect_autodiscover(high, request).more[0].value,
            "https://mail.example.org:1443/autodiscover/autodiscover.xml");
  request.is_tls = true;
  EXPECT_EQ(redirect_autodiscover(kServices, request).status, StatusCode::method_not_allowed);
  high.https_port = 0;
  request.is_tls = false;
  EXPECT_EQ(redirect_autodiscover(high, request).status, StatusCode::method_not_allowed);
}

std::string profile_of(std::string_view address, const Services& services = kServices) {
  return answer_mobileconfig(services,
                             get("/mobileconfig", {{"emailaddress", std::string(address)}}))
      .body;
}

TEST(Mobileconfig, IsAProfileWithOneAccount) {
  const Response response =
      answer_mobileconfig(kServices, get("/mobileconfig", {{"emailaddress", "a&b@example.org"}}));
  EXPECT_EQ(response.content_type, "application/x-apple-aspen-config");
  EXPECT_THAT(response.body, HasSubstr("<key>EmailAddress</key>\n"
                                       "        <string>a&amp;b@example.org</string>"));
  EXPECT_THAT(response.body, HasSubstr("<key>IncomingMailServerPortNumber</key>\n"
                                       "        <integer>993</integer>\n"
                                       "        <key>IncomingMailServerUseSSL</key>\n"
                                       "        <true/>"));
  EXPECT_THAT(response.body, HasSubstr("<key>OutgoingMailServerPortNumber</key>\n"
                                       "        <integer>465</integer>"));
}

std::string first_uuid(const std::string& profile) {
  const std::size_t at = profile.find("<key>PayloadUUID</key>");
  return profile.substr(profile.find("<string>", at) + 8, 36);
}

TEST(Mobileconfig, HasIdentifiersThatStay) {
  const std::string ada = first_uuid(profile_of("ada@example.org"));
  EXPECT_THAT(ada, testing::MatchesRegex("[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-"
                                         "[0-9A-F]{12}"));
  EXPECT_EQ(first_uuid(profile_of("ada@example.org")), ada);
  EXPECT_EQ(first_uuid(profile_of("Ada@Example.org")), ada);
  EXPECT_NE(first_uuid(profile_of("bob@example.org")), ada);
  Services other = kServices;
  other.hostname = "mail.example.net";
  EXPECT_NE(first_uuid(profile_of("ada@example.org", other)), ada);
}

TEST(Mobileconfig, LeavesOutWhatIsNotKnown) {
  const std::string anybody = answer_mobileconfig(kServices, get("/mobileconfig")).body;
  EXPECT_THAT(anybody, Not(HasSubstr("EmailAddress")));
  EXPECT_THAT(anybody, Not(HasSubstr("Username")));
  Services pop_only{.hostname = "h", .offered = {{Kind::pop3, Protection::tls, 995}}};
  const std::string pop = profile_of("ada@example.org", pop_only);
  EXPECT_THAT(pop, HasSubstr("EmailTypePOP"));
  EXPECT_THAT(pop, Not(HasSubstr("Outgoing")));
  pop_only.offered.clear();
  EXPECT_EQ(answer_mobileconfig(pop_only, get("/mobileconfig")).status, StatusCode::not_found);
  EXPECT_EQ(answer_mobileconfig(kServices, get("/mobileconfig", {{"emailaddress", "x"}})).status,
            StatusCode::bad_request);
}

}  // namespace
}  // namespace posthorn::server::autoconfig
