#include "app/mta/mta_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/mta/mta_lines.h"

namespace posthorn::app {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

PostfixSettings wanted() {
  config::Config config;
  config.lmtp.detail_separator = "+";
  config.limits.message_size = 50'000'000;
  config.listen.lmtp_socket = "/var/spool/postfix/posthorn/lmtp.sock";
  config.listen.auth_socket = "/var/spool/postfix/posthorn/auth.sock";
  config.listen.map_socket = "/var/spool/postfix/posthorn/map.sock";
  config.listen.policy_socket = "/var/spool/postfix/posthorn/policy.sock";
  return parse_postfix_lines(*postfix_lines(config));
}

TEST(MtaCheck, ThePrintedLinesAreSettings) {
  const PostfixSettings settings = wanted();
  EXPECT_EQ(settings.at("smtpd_sasl_type"), "dovecot");
  EXPECT_EQ(settings.at("recipient_delimiter"), "+");
  EXPECT_EQ(settings.at("submission/inet/smtpd_tls_security_level"), "encrypt");
  EXPECT_FALSE(settings.contains("smtpd_sender_login_maps"));
}

TEST(MtaCheck, EqualSettingsHaveNoDifference) {
  EXPECT_THAT(compare_postfix(wanted(), wanted()), IsEmpty());
}

TEST(MtaCheck, DifferencesAreNamed) {
  PostfixSettings found = wanted();
  found["message_size_limit"] = "10240000";
  found.erase("submission/inet/smtpd_sasl_auth_enable");
  const auto differences = compare_postfix(wanted(), found);
  ASSERT_THAT(differences, SizeIs(2));
  EXPECT_EQ(differences[0].name, "message_size_limit");
  EXPECT_EQ(differences[0].wanted, "50000000");
  EXPECT_EQ(differences[0].found, "10240000");
  EXPECT_EQ(differences[1].name, "submission/inet/smtpd_sasl_auth_enable");
  EXPECT_EQ(differences[1].found, "");
}

TEST(MtaCheck, ListsMayHaveMore) {
  PostfixSettings found = wanted();
  found["virtual_alias_maps"] = "hash:/etc/aliases, " + found["virtual_alias_maps"];
  found["smtpd_recipient_restrictions"] =
      "reject_unlisted_recipient,\tcheck_policy_service unix:posthorn/policy.sock,permit";
  EXPECT_THAT(compare_postfix(wanted(), found), IsEmpty());
  found["smtpd_recipient_restrictions"] = "check_policy_service unix:private/spf, permit";
  EXPECT_THAT(compare_postfix(wanted(), found), SizeIs(1));
}

TEST(MtaCheck, ReadsWhatPostconfPrints) {
  const auto settings = parse_postconf("a = b = c\nempty = \nnonsense\n");
  EXPECT_EQ(settings.at("a"), "b = c");
  EXPECT_EQ(settings.at("empty"), "");
  EXPECT_THAT(settings, SizeIs(2));
}

}  // namespace
}  // namespace posthorn::app
