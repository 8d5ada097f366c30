#include "text/rfc2047.h"

#include <gtest/gtest.h>

#include "text/ascii.h"
#include "text/utf8.h"

namespace posthorn::text {
namespace {

TEST(Rfc2047, Decoding) {
  const std::pair<std::string, std::string> cases[] = {
      {"plain", "plain"},
      {"=?iso-8859-1?q?caf=E9?=", "caf\xC3\xA9"},
      {"=?ISO-8859-1?Q?a_b?= c", "a b c"},
      {"=?utf-8?B?w6k=?= x", "\xC3\xA9 x"},
      {"=?utf-8?b?w6k?=", "\xC3\xA9"},
      // RFC 2047 §8: white space between adjacent words goes.
      {"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"},
      {"=?ISO-8859-1?Q?a?=\r\n =?ISO-8859-1?Q?b?=", "ab"},
      {"=?ISO-8859-1?Q?a?= b =?ISO-8859-1?Q?c?=", "a b c"},
      {"=?ISO-8859-1?Q?a?= =?utf-8?Q?=C3=A9?=", "a\xC3\xA9"},
      // A character that the mailer split.
      {"=?utf-8?q?=E2=82?= =?UTF-8?b?rA==?=", "\xE2\x82\xAC"},
      {"=?utf-8*de?q?gr=C3=BC=C3=9F?=", "gr\xC3\xBC\xC3\x9F"},
      {"=?x-nope?q?a=20b?= =?utf-8?q?c?=", "=?x-nope?q?a=20b?= c"},
      {"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
      {"=?utf-8?q?open", "=?utf-8?q?open"},
      {"=?", "=?"},
      {"=?utf-8?q?"
       "?=",
       ""},
      {"a=?utf-8?q?b?=c", "abc"},
      {"=?utf-8?q?a b?=", "a b"},
      {"=?utf-8?q?x=?=", "x="},
      {"=?utf-8?q?l1=0D=0Al2=00?=", "l1  l2"},
      {"raw caf\xC3\xA9", "raw caf\xC3\xA9"},
      {"raw caf\xE9", "raw caf\xC3\xA9"},
      {"raw \xE9 =?utf-8?q?=C3=A9?=", "raw \xC3\xA9 \xC3\xA9"},
      {" folded\r\n\tvalue \r\n", "folded\tvalue"},
      {"=?utf-8?q?a?=  plain", "a  plain"},
  };
  for (const auto& [raw, text] : cases) EXPECT_EQ(decode_words(raw), text) << raw;
}

TEST(Rfc2047, Unfold) {
  EXPECT_EQ(unfold(" a\r\n b\n\tc\r\n"), "a b\tc");
  EXPECT_EQ(unfold("a\rb\nc"), "a b c");
  EXPECT_EQ(unfold(std::string_view("a\0b", 3)), "ab");
  EXPECT_EQ(unfold(""), "");
}

TEST(Rfc2047, EncodingRoundTrips) {
  for (const std::string& text : {"caf\xC3\xA9", "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E",
                                  "a \"b\" \\ =?x?= \xC3\xA9", "\x01\xC3\xA9"}) {
    std::string longer;
    for (int i = 0; i < 20; ++i) longer += text;
    for (const std::string& s : {text, longer}) {
      const std::string encoded = encode_words(s);
      EXPECT_TRUE(is_ascii(encoded));
      EXPECT_EQ(decode_words(encoded), s);
      for (std::size_t at = 0; at < encoded.size();) {
        const std::size_t end = std::min(encoded.find(' ', at), encoded.size());
        EXPECT_LE(end - at, 75U);
        at = end + 1;
      }
    }
  }
  EXPECT_EQ(ascii_words("plain"), "plain");
  EXPECT_EQ(ascii_words("=?utf-8?q?a?= \xE9"), "=?utf-8?q?a_=C3=A9?=");
}

TEST(Rfc2047, LinearOnAdversarialInput) {
  std::string words;
  for (int i = 0; i < 300000; ++i) words += "=?";
  EXPECT_EQ(decode_words(words), words);
  std::string unclosed;
  for (int i = 0; i < 100000; ++i) unclosed += "=?a?q?b";
  EXPECT_FALSE(decode_words(unclosed).empty());
}

}  // namespace
}  // namespace posthorn::text
