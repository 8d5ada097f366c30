#include "text/collation.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "text/fold.h"

namespace posthorn::text {
namespace {

TEST(Collation, Keys) {
  EXPECT_EQ(collate(Collation::octet, "aB\xC3\xA4"), "aB\xC3\xA4");
  EXPECT_EQ(collate(Collation::ascii_casemap, "aB\xC3\xA4"), "AB\xC3\xA4");
  EXPECT_EQ(collate(Collation::unicode_casemap, "aB\xC3\xA4"), fold("aB\xC3\xA4"));
}

TEST(Collation, NamesAndPatterns) {
  EXPECT_TRUE(collation_matches("i;octet", Collation::octet));
  EXPECT_TRUE(collation_matches("+i;octet", Collation::octet));
  EXPECT_FALSE(collation_matches("-i;octet", Collation::octet));
  EXPECT_FALSE(collation_matches("i;octe", Collation::octet));
  EXPECT_TRUE(collation_matches("i;*", Collation::octet));
  EXPECT_TRUE(collation_matches("*", Collation::ascii_casemap));
  EXPECT_TRUE(collation_matches("i;*-case*", Collation::ascii_casemap));
  EXPECT_FALSE(collation_matches("i;*-case*", Collation::octet));
  EXPECT_FALSE(collation_matches("cz;*", Collation::octet));
  EXPECT_TRUE(collation_matches("default", kDefaultCollation));
  EXPECT_FALSE(collation_matches("default", Collation::octet));
}

TEST(Collation, WhatIsAName) {
  for (const char* good : {"i;octet", "cz;*", "*", "-i;basic", "+i;*x*", "i;basic;uca=3.1.1"})
    EXPECT_TRUE(is_collation_order(good)) << good;
  for (const char* bad : {"", "+", "a b", "i;**", "\xC3\xA4", "a\"", "+-i"})
    EXPECT_FALSE(is_collation_order(bad)) << bad;
  EXPECT_FALSE(is_collation_order(std::string(255, 'a')));
}

// The filters know the folded texts only. They rule out no message in which another comparator
// finds a text, since the folded text contains the folded needle then.
TEST(Collation, WhatIsFoundIsFoundFolded) {
  const std::vector<std::string> letters = {"a",        "B",        "\xC3\xA4",     "\xC3\x9F",
                                            "e",        "\xCC\x81", "\xC4\xB0",     "\xEF\xAC\x80",
                                            "\xC7\x84", "i",        "\xE2\x84\xAB", "\xFF"};
  std::mt19937 random(7);
  const auto text = [&](std::size_t most) {
    std::string out;
    for (std::size_t n = random() % (most + 1); n > 0; --n)
      out += letters[random() % letters.size()];
    return out;
  };
  int found = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string whole = text(8);
    const std::string needle = text(2);
    for (const Collation collation : {Collation::octet, Collation::ascii_casemap}) {
      if (!collate(collation, whole).contains(collate(collation, needle))) continue;
      ++found;
      EXPECT_TRUE(fold(whole).contains(fold(needle))) << whole << " / " << needle;
    }
  }
  EXPECT_GT(found, 1000);
}

}  // namespace
}  // namespace posthorn::text
