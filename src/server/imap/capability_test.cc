#include "server/imap/capability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/imap/reply.h"

namespace posthorn::server::imap {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Capability, PasswordsOnlyWhereTheyAreSafe) {
  CapabilityView view;
  view.can_start_tls = true;
  view.mechanisms = {"SCRAM-SHA-256"};
  std::string names = format_capabilities(view, {});
  EXPECT_THAT(names, HasSubstr(" STARTTLS LOGINDISABLED"));
  EXPECT_THAT(names, HasSubstr(" AUTH=SCRAM-SHA-256"));
  view.can_start_tls = false;
  view.plaintext_allowed = true;
  names = format_capabilities(view, {});
  EXPECT_THAT(names, Not(HasSubstr("LOGINDISABLED")));
  EXPECT_THAT(names, Not(HasSubstr("STARTTLS")));
  EXPECT_THAT(names, Not(HasSubstr("UIDPLUS")));
}

TEST(Capability, AfterLogin) {
  CapabilityView view;
  view.stage = CapabilityView::Stage::after_login;
  std::string names = format_capabilities(view, {});
  EXPECT_THAT(names, HasSubstr(" UIDPLUS"));
  EXPECT_THAT(names, HasSubstr(" COMPRESS=DEFLATE"));
  EXPECT_THAT(names, Not(HasSubstr("AUTH=")));
  view.compressed = true;
  EXPECT_THAT(format_capabilities(view, {}), Not(HasSubstr("COMPRESS")));
}

TEST(Capability, CanBeSwitchedOff) {
  ImapOptions options;
  options.disabled_capabilities = {"qresync", "AUTH=PLAIN"};
  CapabilityView view;
  view.mechanisms = {"PLAIN", "LOGIN"};
  EXPECT_THAT(format_capabilities(view, options), Not(HasSubstr("AUTH=PLAIN")));
  EXPECT_THAT(format_capabilities(view, options), HasSubstr("AUTH=LOGIN"));
  view.stage = CapabilityView::Stage::after_login;
  EXPECT_THAT(format_capabilities(view, options), Not(HasSubstr("QRESYNC")));
  EXPECT_FALSE(is_offered("QRESYNC", options));
  EXPECT_TRUE(is_offered("CONDSTORE", options));
}

TEST(Capability, SomeHaveToBeAskedFor) {
  CapabilityView view;
  view.stage = CapabilityView::Stage::after_login;
  ImapOptions options;
  EXPECT_FALSE(is_offered("UNAUTHENTICATE", options));
  EXPECT_THAT(format_capabilities(view, options), Not(HasSubstr("UNAUTHENTICATE")));
  options.extra_capabilities = {"unauthenticate"};
  EXPECT_TRUE(is_offered("UNAUTHENTICATE", options));
  EXPECT_THAT(format_capabilities(view, options), HasSubstr(" UNAUTHENTICATE"));
  options.disabled_capabilities = {"UNAUTHENTICATE"};
  EXPECT_FALSE(is_offered("UNAUTHENTICATE", options));
}

TEST(Capability, CanBeSwitchedOffForOneAccount) {
  const std::vector<std::string> without = {"CONDSTORE", "IDLE"};
  CapabilityView view;
  view.stage = CapabilityView::Stage::after_login;
  view.without = without;
  const std::string names = format_capabilities(view, {});
  for (const char* gone : {"CONDSTORE", "QRESYNC", "IDLE"}) {
    EXPECT_THAT(names, Not(HasSubstr(gone)));
    EXPECT_FALSE(is_offered(gone, {}, without)) << gone;
  }
  EXPECT_TRUE(is_offered("ESEARCH", {}, without));
  EXPECT_EQ(stands_on_any(without), std::vector<std::string>{"QRESYNC"});
  EXPECT_EQ(stands_on_any(std::vector<std::string>{"ESEARCH"}),
            (std::vector<std::string>{"SEARCHRES", "ESORT", "CONTEXT=SEARCH", "CONTEXT=SORT",
                                      "MULTISEARCH", "PARTIAL"}));
  EXPECT_TRUE(stands_on_any({}).empty());
}

TEST(Capability, OnlySomeCanBeSwitchedOffForOneAccount) {
  EXPECT_EQ(*capability_for_mask("uidonly"), "UIDONLY");
  EXPECT_EQ(*capability_for_mask("utf8=accept"), "UTF8=ACCEPT");
  EXPECT_EQ(*capability_for_mask("AppendLimit"), "APPENDLIMIT");
  for (const char* fixed : {"IMAP4rev1", "STARTTLS", "SASL-IR", "AUTH=PLAIN", "LITERAL+",
                            "LOGINDISABLED", "RIGHTS=texk", "QUOTA=RES-STORAGE"})
    EXPECT_FALSE(capability_for_mask(fixed)) << fixed;
  const auto unknown = capability_for_mask("QRSYNC");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().text, HasSubstr("QRESYNC, "));
  EXPECT_THAT(unknown.error().text, Not(HasSubstr("STARTTLS")));
  for (const std::string_view name : all_capabilities())
    if (const auto spelled = capability_for_mask(name)) EXPECT_EQ(*spelled, name);
}

TEST(Reply, SaysWhoseFaultItIs) {
  EXPECT_EQ(reply_to({ErrorKind::syntax, "x"}).kind, Reply::Kind::bad);
  const Reply quota = reply_to({ErrorKind::over_quota, "full"});
  EXPECT_EQ(quota.kind, Reply::Kind::no);
  EXPECT_EQ(std::get<wire::imap::CodeName>(quota.code), wire::imap::CodeName::over_quota);
  EXPECT_EQ(reply_to_parse({ErrorKind::bad_argument, "x"}).kind, Reply::Kind::bad);
  EXPECT_EQ(reply_to_parse({ErrorKind::unknown_charset, "x"}).kind, Reply::Kind::no);
  EXPECT_FALSE(reply_to({ErrorKind::corrupt, ""}).text.empty());
}

}  // namespace
}  // namespace posthorn::server::imap
