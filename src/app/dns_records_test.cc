#include "app/dns_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/services.h"
#include "config/load.h"

namespace posthorn::app {
namespace {

using server::autoconfig::Kind;
using server::autoconfig::Protection;
using server::autoconfig::Service;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

/// A configuration with IMAP only, unless changed.
config::Config configure(std::string_view toml) {
  std::string text(toml);
  if (!text.contains("submission")) text += "\nlisten.submission=[]\nlisten.submissions=[]";
  auto loaded = config::load_text(text, "test.toml");
  EXPECT_TRUE(loaded) << loaded.error().text;
  return loaded->config;
}

/// The records if there is no POP3.
std::vector<Service> offered(std::string_view toml, const Server::Addresses& listening = {},
                             bool has_tls = true) {
  config::Config config = configure(toml);
  config.listen.pop3 = config.listen.pop3s = {};
  return services(config, listening, has_tls).offered;
}

TEST(Services, Pop3ComesAfterImap) {
  EXPECT_THAT(services(configure("hostname='mail.example.org'"), {}, true).offered,
              ElementsAre(Service{Kind::imap, Protection::tls, 993},
                          Service{Kind::imap, Protection::starttls, 143},
                          Service{Kind::pop3, Protection::tls, 995},
                          Service{Kind::pop3, Protection::starttls, 110}));
}

TEST(Services, AreThoseThatListen) {
  EXPECT_THAT(offered("hostname='mail.example.org'"),
              ElementsAre(Service{Kind::imap, Protection::tls, 993},
                          Service{Kind::imap, Protection::starttls, 143}));
  EXPECT_THAT(offered("listen.imap=[]\nlisten.imaps=['*:10993']"),
              ElementsAre(Service{Kind::imap, Protection::tls, 10993}));
  EXPECT_THAT(offered("listen.imap=[]\nlisten.imaps=[]\nlisten.submission=['*:587']"),
              ElementsAre(Service{Kind::submission, Protection::tls, 465},
                          Service{Kind::submission, Protection::starttls, 587}));
}

TEST(Services, HaveThePortsThatWereTaken) {
  config::Config config = configure("hostname='localhost'");
  config.listen.imaps = {{"127.0.0.1", 0}};
  config.listen.imap = config.listen.pop3 = config.listen.pop3s = {};
  EXPECT_THAT(services(config, {.imaps = 40001}, true).offered,
              ElementsAre(Service{Kind::imap, Protection::tls, 40001}));
  EXPECT_THAT(offered("listen.imap=[]\nlisten.imaps=[]", {.imap = 143, .imaps = 993}),
              ElementsAre(Service{Kind::imap, Protection::tls, 993},
                          Service{Kind::imap, Protection::starttls, 143}));
}

TEST(Services, LeaveOutWhatOnlyThisMachineReaches) {
  constexpr std::string_view kLocal =
      "listen.imap=['127.0.0.1:143','[::1]:143']\nlisten.imaps=['127.0.0.1:1993','*:993']\n";
  EXPECT_THAT(offered(std::string(kLocal) + "hostname='mail.example.org'"),
              ElementsAre(Service{Kind::imap, Protection::tls, 993}));
  EXPECT_THAT(offered(std::string(kLocal) + "hostname='localhost'"),
              ElementsAre(Service{Kind::imap, Protection::tls, 1993},
                          Service{Kind::imap, Protection::starttls, 143}));
}

TEST(Services, LeaveOutWhereNobodyCouldLogIn) {
  EXPECT_THAT(offered("hostname='mail.example.org'", {}, false), IsEmpty());
  EXPECT_THAT(offered("hostname='mail.example.org'\n"
                      "auth.allow_plaintext_without_tls='loopback'",
                      {}, false),
              IsEmpty());
  EXPECT_THAT(offered("hostname='mail.example.org'\n"
                      "auth.allow_plaintext_without_tls='always'",
                      {}, false),
              ElementsAre(Service{Kind::imap, Protection::none, 143}));
}

TEST(DnsRecords, SayWhereEverythingIsAndWhatIsNot) {
  const auto made =
      dns_records(configure("hostname='Mail.Example.net'\nlisten.https=['*:443']\nlisten.imap=[]"),
                  "Example.ORG.");
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(made->domain, "example.org");
  EXPECT_EQ(made->hostname, "mail.example.net");
  EXPECT_EQ(made->records[0], (DnsRecord{"example.org.", "MX", "10 mail.example.net."}));
  EXPECT_THAT(made->records,
              Contains(DnsRecord{"_imaps._tcp.example.org.", "SRV", "0 1 993 mail.example.net."}));
  EXPECT_THAT(made->records, Contains(DnsRecord{"_imap._tcp.example.org.", "SRV", "0 0 0 ."}));
  EXPECT_THAT(made->records, Contains(DnsRecord{"_autodiscover._tcp.example.org.", "SRV",
                                                "0 1 443 mail.example.net."}));
  EXPECT_THAT(made->records,
              Contains(DnsRecord{"autoconfig.example.org.", "CNAME", "mail.example.net."}));
}

TEST(DnsRecords, PromiseNoSettingsWhereNoneAreServed) {
  const auto made = dns_records(configure("hostname='mail.example.org'"), "example.org");
  ASSERT_TRUE(made);
  for (const DnsRecord& record : made->records) EXPECT_EQ(record.name.find("auto"), -1UL);
  const auto in_clear =
      dns_records(configure("hostname='mail.example.org'\nlisten.http=['*:80']"), "example.org");
  EXPECT_THAT(in_clear->records,
              Contains(DnsRecord{"autoconfig.example.org.", "CNAME", "mail.example.org."}));
  const auto same = dns_records(
      configure("hostname='autoconfig.example.org'\nlisten.http=['*:80']"), "example.org");
  EXPECT_THAT(same->records,
              Not(Contains(testing::Field(&DnsRecord::name, "autoconfig.example.org."))));
}

TEST(DnsRecords, TakeOnlyNames) {
  const config::Config config = configure("hostname='mail.example.org'");
  EXPECT_EQ(dns_records(config, "bücher.example")->domain, "xn--bcher-kva.example");
  for (const char* bad : {"", "localhost", "192.0.2.1", "a b.example", "example.org; MX", "@"})
    EXPECT_EQ(dns_records(config, bad).error().kind, ErrorKind::bad_argument) << bad;
  for (const char* bad : {"web1", "localhost", "127.0.0.1"}) {
    const auto refused = dns_records(configure(fmt::format("hostname='{}'", bad)), "example.org");
    EXPECT_THAT(refused.error().text, testing::HasSubstr("hostname is")) << bad;
  }
}

}  // namespace
}  // namespace posthorn::app
