#include "text/ascii.h"

#include <gtest/gtest.h>

namespace posthorn::text {
namespace {

TEST(Ascii, Comparisons) {
  EXPECT_TRUE(iequals("Content-Type", "cONTENT-tYPE"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("[", "{"));  // Differ by 32 as letters' cases do.
  EXPECT_TRUE(istarts_with("RE: x", "re:"));
  EXPECT_FALSE(istarts_with("r", "re"));
  EXPECT_TRUE(iends_with("x (FWD)", "(fwd)"));
  EXPECT_EQ(lower("AZ\xC4"), "az\xC4");
  EXPECT_EQ(upper("az[{"), "AZ[{");
  EXPECT_EQ(trim("\r\n \ta b\t\n"), "a b");
  EXPECT_EQ(hex_value('g'), -1);
  EXPECT_EQ(hex_value('F'), 15);
}

TEST(Ascii, IsAsciiAtEveryPlace) {
  std::string s(40, 'x');
  EXPECT_TRUE(is_ascii(s));
  EXPECT_TRUE(is_ascii(""));
  for (std::size_t i = 0; i < s.size(); ++i) {
    std::string bad = s;
    bad[i] = '\x80';
    EXPECT_FALSE(is_ascii(bad)) << i;
  }
}

}  // namespace
}  // namespace posthorn::text
