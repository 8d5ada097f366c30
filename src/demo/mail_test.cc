#include "demo/mail.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "demo/mail_encode.h"

namespace posthorn::demo {
namespace {

std::vector<DemoMessage> all(std::uint64_t seed) {
  std::vector<DemoMessage> out;
  make_demo_mail(seed, [&](const DemoMessage& m) { out.push_back(m); });
  return out;
}

TEST(DemoMail, IsTheSameForTheSameSeedOnly) {
  const auto one = all(7);
  const auto again = all(7);
  const auto other = all(8);
  ASSERT_EQ(one.size(), again.size());
  std::size_t differing = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].octets, again[i].octets);
    EXPECT_EQ(one[i].mailbox, again[i].mailbox);
    EXPECT_EQ(one[i].received, again[i].received);
    EXPECT_EQ(one[i].flags, again[i].flags);
    differing += i >= other.size() || one[i].octets != other[i].octets;
  }
  EXPECT_GT(differing, one.size() / 2);
}

TEST(DemoMail, FillsManyFolders) {
  std::map<std::string, std::size_t> count;
  const auto messages = all(1);
  for (const DemoMessage& m : messages) ++count[m.mailbox];
  EXPECT_GE(messages.size(), 280U);
  EXPECT_LE(messages.size(), 420U);
  for (const char* name : {"INBOX", "Sent", "Drafts", "Trash", "Junk", "Archive", "Family",
                           "Projects/Lighthouse", "Lists/gardening", "Reisen/Österreich", "旅行"})
    EXPECT_GE(count[name], 4U) << name;
}

TEST(DemoMail, HasCrlfOnlyAndNoNul) {
  for (const DemoMessage& m : all(2)) {
    ASSERT_FALSE(m.octets.empty());
    EXPECT_EQ(m.octets.find('\0'), std::string::npos);
    for (std::size_t i = 0; i < m.octets.size(); ++i) {
      const bool lone_lf = m.octets[i] == '\n' && (i == 0 || m.octets[i - 1] != '\r');
      const bool lone_cr =
          m.octets[i] == '\r' && (i + 1 == m.octets.size() || m.octets[i + 1] != '\n');
      ASSERT_FALSE(lone_lf || lone_cr) << m.mailbox << "\n" << m.octets.substr(0, 300);
    }
  }
}

TEST(DemoMail, OldestFirstAndNotInTheFuture) {
  Timestamp last;
  for (const DemoMessage& m : all(3)) {
    EXPECT_GE(m.received.seconds, last.seconds);
    EXPECT_LT(m.received.seconds, 1795168800 + 86400);
    last = m.received;
  }
}

TEST(DemoMail, UsesOnlyReservedDomains) {
  const std::set<std::string> top = {"example", "org", "com", "net"};
  for (const DemoMessage& m : all(4)) {
    const std::string head = m.octets.substr(0, m.octets.find("\r\n\r\n"));
    for (std::size_t at = head.find('@'); at != std::string::npos; at = head.find('@', at + 1)) {
      const std::size_t end = head.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", at + 1);
      const std::string domain = head.substr(at + 1, end == std::string::npos ? end : end - at - 1);
      if (domain.empty()) continue;
      const std::string last = domain.substr(domain.rfind('.') + 1);
      EXPECT_TRUE(top.contains(last)) << domain;
      if (last != "example") EXPECT_TRUE(domain.starts_with("example.")) << domain;
    }
  }
}

TEST(DemoMail, RepliesNameMessagesThatAreThere) {
  std::set<std::string> ids;
  std::size_t replies = 0;
  for (const DemoMessage& m : all(5)) {
    const std::string head = m.octets.substr(0, m.octets.find("\r\n\r\n"));
    if (const auto at = head.find("In-Reply-To: <"); at != std::string::npos) {
      const std::string id = head.substr(at + 13, head.find('>', at) - at - 12);
      EXPECT_TRUE(ids.contains(id)) << id;
      ++replies;
    }
    if (const auto at = head.find("Message-ID: <"); at != std::string::npos)
      EXPECT_TRUE(ids.insert(head.substr(at + 12, head.find('>', at) - at - 11)).second);
  }
  EXPECT_GT(replies, 60U);
}

TEST(DemoMail, HasOneLargeMessageAndVariedFlags) {
  std::size_t large = 0;
  SystemFlags all_flags = 0;
  std::set<std::string> keywords;
  std::size_t unread = 0;
  for (const DemoMessage& m : all(6)) {
    large += m.octets.size() > 4'500'000 && m.octets.size() < 6'000'000;
    all_flags |= m.flags.system;
    unread += (m.flags.system & bit(SystemFlag::seen)) == 0;
    keywords.insert(m.flags.keywords.begin(), m.flags.keywords.end());
  }
  EXPECT_EQ(large, 1U);
  EXPECT_EQ(all_flags, kAllSystemFlags);
  EXPECT_GT(unread, 30U);
  EXPECT_TRUE(keywords.contains("$Junk"));
  EXPECT_TRUE(keywords.contains("$Forwarded"));
}

TEST(DemoMailEncode, Base64AndQuotedPrintable) {
  EXPECT_EQ(demo::base64_lines("Hello"), "SGVsbG8=\r\n");
  EXPECT_EQ(demo::base64_lines(std::string(58, 'a')).find("\r\n"), 76U);
  EXPECT_EQ(demo::quoted_printable("a=b \r\né\r\n"), "a=3Db=20\r\n=C3=A9\r\n");
  for (const char* text : {"x", "é", "= "}) {
    std::string many;
    for (int i = 0; i < 200; ++i) many += text;
    const std::string out = demo::quoted_printable(many);
    for (std::size_t at = 0; at < out.size();) {
      const std::size_t end = std::min(out.find("\r\n", at), out.size());
      EXPECT_LE(end - at, 76U);
      at = end + 2;
    }
  }
}

TEST(DemoMailEncode, EncodedWordsKeepCharactersWhole) {
  EXPECT_EQ(demo::encoded_words("plain"), "plain");
  EXPECT_EQ(demo::encoded_words("é"), "=?UTF-8?B?w6k=?=");
  std::string long_text;
  for (int i = 0; i < 60; ++i) long_text += "旅";
  const std::string out = demo::encoded_words(long_text);
  for (std::size_t at = 0; (at = out.find("?B?", at)) != std::string::npos; ++at)
    EXPECT_EQ(out.substr(at + 3, 2), "5p");  // Each word begins with the character's first octet.
}

TEST(DemoMailEncode, Dates) {
  EXPECT_EQ(demo::mail_date(1644267145, 60), "Mon, 07 Feb 2022 21:52:25 +0100");
  EXPECT_EQ(demo::mail_date(0, -210), "Wed, 31 Dec 1969 20:30:00 -0330");
}

TEST(DemoMailEncode, Files) {
  const std::string image = demo::png(3, 0x102030);
  EXPECT_TRUE(image.starts_with("\x89PNG\r\n\x1a\n"));
  // The CRC of an IEND chunk is known: PNG 11.2.5.
  EXPECT_TRUE(image.ends_with(std::string("\0\0\0\0IEND\xae\x42\x60\x82", 12)));
  EXPECT_TRUE(demo::pdf("x").ends_with("%%EOF\n"));
  EXPECT_NE(demo::zip("a.txt", "hello").find("hello"), std::string::npos);
}

}  // namespace
}  // namespace posthorn::demo
