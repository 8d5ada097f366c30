#include "text/utf8.h"

#include <gtest/gtest.h>

namespace posthorn::text {
namespace {

TEST(Utf8, Validity) {
  for (const std::string_view good :
       {"", "abc", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "long enough for a word \xC3\xA9 and more"})
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  // Overlong, surrogate, too large, alone, cut (RFC 3629 §3).
  for (const std::string_view bad :
       {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "a\xC3", "\xE2\x82", "\xFF"})
    EXPECT_FALSE(is_valid_utf8(bad)) << bad;
}

TEST(Utf8, EveryScalarRoundTrips) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string s;
    append_utf8(s, c);
    std::string_view rest = s;
    ASSERT_EQ(next_code_point(rest), c);
    ASSERT_TRUE(rest.empty());
    ASSERT_TRUE(is_valid_utf8(s));
    ASSERT_EQ(incomplete_utf8_tail(s), 0U);
    for (std::size_t n = 1; n < s.size(); ++n) ASSERT_EQ(incomplete_utf8_tail(s.substr(0, n)), n);
  }
}

TEST(Utf8, BadBytesAreReplacedByMaximalSubparts) {
  EXPECT_EQ(replace_invalid_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(replace_invalid_utf8("\xE2\x82z"), "\xEF\xBF\xBDz");
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(replace_invalid_utf8("\xF0\x9F\x98"), "\xEF\xBF\xBD");
}

TEST(Utf8, Cutting) {
  EXPECT_EQ(utf8_cut("a\xC3\xA9", 2), "a");
  EXPECT_EQ(utf8_cut("a\xC3\xA9", 3), "a\xC3\xA9");
  EXPECT_EQ(utf8_prefix("\xC3\xA9\xE2\x82\xACx", 2), 5U);
  EXPECT_EQ(utf8_prefix("ab", 5), 2U);
  EXPECT_EQ(incomplete_utf8_tail("\xC0"), 0U);
  EXPECT_EQ(incomplete_utf8_tail("\xE0\x80"), 0U);
}

}  // namespace
}  // namespace posthorn::text
