#include "app/mta/mta_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthorn::app {
namespace {

using testing::HasSubstr;
using testing::Not;

config::Config configured(const std::string& folder) {
  config::Config config;
  config.lmtp.detail_separator = "+";
  config.limits.message_size = 50'000'000;
  config.listen.lmtp_socket = folder + "/lmtp.sock";
  config.listen.auth_socket = folder + "/auth.sock";
  config.listen.map_socket = folder + "/map.sock";
  config.listen.policy_socket = folder + "/policy.sock";
  config.listen.user_socket = folder + "/user.sock";
  return config;
}

TEST(MtaLines, PathsAreRelativeWhereThePostfixQueueIs) {
  const std::string lines = *postfix_lines(configured("/var/spool/postfix/posthorn"));
  EXPECT_THAT(lines, HasSubstr("\nsmtpd_sasl_path = posthorn/auth.sock\n"));
  EXPECT_THAT(lines, HasSubstr("\nvirtual_transport = lmtp:unix:posthorn/lmtp.sock\n"));
  EXPECT_THAT(lines, HasSubstr("socketmap:unix:posthorn/map.sock:mailboxes\n"));
  EXPECT_THAT(lines, HasSubstr("check_policy_service unix:posthorn/policy.sock\n"));
  EXPECT_THAT(lines, HasSubstr("\nmessage_size_limit = 50000000\n"));
  EXPECT_THAT(lines, Not(HasSubstr("chroot")));
}

TEST(MtaLines, OtherPathsComeWithAWarning) {
  const std::string lines = *postfix_lines(configured("/run/posthorn"));
  EXPECT_THAT(lines, HasSubstr("\nsmtpd_sasl_path = /run/posthorn/auth.sock\n"));
  EXPECT_THAT(lines, HasSubstr("chroot"));
}

TEST(MtaLines, ChasquidGetsALineForItsHook) {
  const std::string lines = *chasquid_lines(configured("/run/posthorn"));
  EXPECT_THAT(lines, HasSubstr("\ndovecot_userdb_path: \"/run/posthorn/user.sock\"\n"));
  EXPECT_THAT(lines, HasSubstr("\n#   /usr/share/posthorn/chasquid/post-data "
                               "/run/posthorn/policy.sock < \"$TF\" || exit\n"));
}

TEST(MtaLines, WhatIsMissingIsNamed) {
  config::Config config;
  config.listen.lmtp_socket = "/run/lmtp.sock";
  for (const auto& [lines, keys] :
       {std::pair{&postfix_lines, "listen.auth_socket, listen.map_socket, listen.policy_socket;"},
        std::pair{&exim_lines, "listen.auth_socket, listen.map_socket, listen.policy_socket;"},
        std::pair{&chasquid_lines,
                  "listen.auth_socket, listen.user_socket, listen.policy_socket;"}}) {
    const auto made = lines(config);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, ErrorKind::bad_argument);
    EXPECT_THAT(made.error().text, HasSubstr(keys));
  }
}

TEST(MtaLines, LmtpOverTcpIsATransportToo) {
  config::Config config;
  EXPECT_EQ(lmtp_transport(config), "");
  config.listen.lmtp = {{"*", 24}};
  EXPECT_EQ(lmtp_transport(config), "lmtp:inet:127.0.0.1:24");
  config.listen.lmtp_socket = "/run/posthorn/lmtp.sock";
  EXPECT_EQ(lmtp_transport(config), "lmtp:unix:/run/posthorn/lmtp.sock");
}

}  // namespace
}  // namespace posthorn::app
