#include "text/mutf7.h"

#include <gtest/gtest.h>

#include "text/utf8.h"

namespace posthorn::text {
namespace {

// RFC 3501 §5.1.3.
TEST(Mutf7, BothWays) {
  const std::pair<std::string, std::string> names[] = {
      {"INBOX", "INBOX"},
      {"", ""},
      {"A&-B", "A&B"},
      {"&-&-", "&&"},
      {"~peter/mail/&U,BTFw-/&ZeVnLIqe-",
       "~peter/mail/\xE5\x8F\xB0\xE5\x8C\x97/\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E"},
      {"&Jjo-!", "\xE2\x98\xBA!"},
      {"Entw&APw-rfe", "Entw\xC3\xBCrfe"},
      {"&2D3eAA-", "\xF0\x9F\x98\x80"},
      {"a&AAk-b", "a\tb"},
  };
  for (const auto& [encoded, plain] : names) {
    EXPECT_EQ(mutf7_to_utf8(encoded), plain) << encoded;
    EXPECT_EQ(utf8_to_mutf7(plain), encoded) << encoded;
  }
}

TEST(Mutf7, OtherSpellingsAreRefused) {
  for (const std::string_view bad :
       {"&", "a&b", "&Jjo!", "&AEE-", "&AGE-", "&U,BTFw-&ZeVnLIqe-", "&2D0-", "&3gA-", "&2D0AQQ-",
        "&APx-", "&APw=-", "&AP/8-", "\xC3\xBC", "a\tb", "&A-", "&AP-", "&AAAA-", "a\x7F", "& -"})
    EXPECT_EQ(mutf7_to_utf8(bad), std::nullopt) << bad;
  EXPECT_EQ(utf8_to_mutf7("\xFF"), std::nullopt);
  EXPECT_EQ(utf8_to_mutf7("\xED\xA0\x80"), std::nullopt);
}

TEST(Mutf7, EveryCharacterRoundTrips) {
  for (char32_t c = 1; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 61) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string s = "x";
    append_utf8(s, c);
    const auto encoded = utf8_to_mutf7(s);
    ASSERT_TRUE(encoded);
    ASSERT_EQ(mutf7_to_utf8(*encoded), s) << *encoded;
  }
}

}  // namespace
}  // namespace posthorn::text
