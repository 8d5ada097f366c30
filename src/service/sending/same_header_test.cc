#include "service/sending/same_header.h"

#include <gtest/gtest.h>

#include <string>

namespace posthorn::service {
namespace {

bool same(std::string_view one, std::string_view other) {
  const bool found = is_header_of_same_message(one, other);
  EXPECT_EQ(is_header_of_same_message(other, one), found) << one << other;
  return found;
}

constexpr std::string_view kHeader =
    "From: Ann <ann@example.org>\r\nTo: b@example.net, c@example.net\r\n"
    "Subject: =?utf-8?q?caf=C3=A9_noir?=\r\nContent-Type: text/plain; charset=utf-8\r\n";

TEST(SameHeader, FieldsThatOnlyOneHasAreNormal) {
  const std::string header(kHeader);
  for (const char* const more :
       {"Bcc: d@example.net\r\n", "X-Mailer: x\r\n", "X-Mozilla-Draft-Info: internal/draft\r\n",
        "User-Agent: x\r\n", "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n", "FCC: imap://x\r\n",
        "Received: from x\r\n", "MIME-Version: 1.0\r\n", "no field at all\r\n"})
    EXPECT_TRUE(same(header + "\r\n", more + header + "\r\n")) << more;
  EXPECT_TRUE(same(header, header.substr(header.find("To:"))));  // The server adds From.
  for (const char* const more : {"Cc: d@example.net\r\n", "Content-Transfer-Encoding: base64\r\n"})
    EXPECT_FALSE(same(header, more + header)) << more;
  EXPECT_FALSE(same(header, header.substr(0, header.find("Subject:"))));
}

TEST(SameHeader, ADateThatTheServerAddsAnewIsNoDifference) {
  const std::string header(kHeader);
  const auto with = [&](const char* id, const char* date) {
    return header + "Message-ID: " + id + "\r\nDate: " + date + "\r\n";
  };
  EXPECT_TRUE(same(with("<1@example.org>", "a"), with("<1@example.org>", "b")));
  EXPECT_FALSE(same(with("<1@example.org>", "a"), with("<2@example.org>", "b")));
}

TEST(SameHeader, FoldingEncodingAndOrderDoNotMatter) {
  EXPECT_TRUE(
      same(kHeader,
           "subject: =?utf-8?q?caf=C3=A9?=\r\n =?UTF-8?B?IG5vaXI=?=\r\n"
           "to: b@example.net,\r\n\tc@example.net\r\n"
           "content-type: text/plain;\r\n  charset=utf-8\r\nfrom:Ann\r\n <ann@example.org>\r\n"));
}

TEST(SameHeader, FieldsThatBothHaveMustAgree) {
  const std::string header(kHeader);
  EXPECT_FALSE(same(header + "X-Note: a\r\n", header + "X-Note: b\r\n"));
  EXPECT_FALSE(same(header + "X-Note: a\r\n", header + "X-Note: a\r\nX-Note: b\r\n"));
  EXPECT_FALSE(same(header + "Date: a\r\n", header + "Date: b\r\n"));
  EXPECT_FALSE(same("To: a@x\r\nSubject: s\r\n", "To: b@x\r\nSubject: s\r\n"));
  EXPECT_TRUE(same(header + "X-Mozilla-Status: 0\r\n", header + "X-Mozilla-Status: 1\r\n"));
  EXPECT_TRUE(same(header + "Bcc: a@x\r\n", header + "Bcc: b@x\r\n"));
}

}  // namespace
}  // namespace posthorn::service
