#include "wire/imap/url.h"

#include <gtest/gtest.h>

namespace posthorn::wire::imap {
namespace {

TEST(MessageUrl, Parts) {
  auto url = parse_message_url("/INBOX/;UID=20");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->mailbox, "INBOX");
  EXPECT_EQ(url->uid, Uid(20));
  EXPECT_FALSE(url->uid_validity);
  EXPECT_EQ(url->section, Section{});
  url =
      parse_message_url("/Drafts;uidvalidity=385759045/;Uid=7/;section=1.2.MIME/;partial=10.1024");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->mailbox, "Drafts");
  EXPECT_EQ(url->uid_validity, UidValidity(385759045));
  EXPECT_EQ(url->section.part, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(url->section.text, Section::Text::mime);
  EXPECT_EQ(url->offset, 10U);
  EXPECT_EQ(url->length, 1024U);
  url = parse_message_url("/a%20b/%C3%A4%3B/;UID=1/;SECTION=HEADER.FIELDS%20(Subject%20To)");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->mailbox, "a b/\xC3\xA4;");
  EXPECT_EQ(url->section.fields, (std::vector<std::string>{"Subject", "To"}));
  url = parse_message_url("/inbox/;UID=4294967295/;PARTIAL=0");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->mailbox, "INBOX");
  EXPECT_FALSE(url->length);
}

TEST(MessageUrl, Refuses) {
  for (const char* url : {"",
                          "/",
                          ";UID=20",
                          "INBOX/;UID=20",
                          "//host/INBOX/;UID=20",
                          "imap://host/INBOX/;UID=20",
                          "/INBOX",
                          "/INBOX/",
                          "/INBOX;UID=20",
                          "/;UID=20",
                          "/INBOX/;UID=0",
                          "/INBOX/;UID=",
                          "/INBOX/;UID=1x",
                          "/INBOX/;UID=4294967296",
                          "/INBOX/;UID=1/",
                          "/INBOX/;UID=1/;SECTION=",
                          "/INBOX/;UID=1/;SECTION=0",
                          "/INBOX/;UID=1/;SECTION=1]x[",
                          "/INBOX/;UID=1/;PARTIAL=",
                          "/INBOX/;UID=1/;PARTIAL=1.0",
                          "/INBOX/;UID=1/;PARTIAL=1/;SECTION=1",
                          "/INBOX/;UID=1;URLAUTH=anonymous",
                          "/INBOX/;UID=1/;SECTION=1;EXPIRE=2030-01-01",
                          "/INBOX?SUBJECT%20x",
                          "/INBOX/;UIDVALIDITY=1/;UID=1/;UID=2",
                          "/INBOX;UIDVALIDITY=0/;UID=1",
                          "/%ff/;UID=1",
                          "/a%0/;UID=1",
                          "/a%0D/;UID=1",
                          "/a%00/;UID=1",
                          "/a b/;UID=1",
                          "/\xC3\xA4/;UID=1"})
    EXPECT_FALSE(parse_message_url(url)) << url;
  EXPECT_FALSE(parse_message_url("/" + std::string(9000, 'a') + "/;UID=1"));
}

}  // namespace
}  // namespace posthorn::wire::imap
