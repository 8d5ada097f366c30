#include "text/finder.h"

#include <gtest/gtest.h>

namespace posthorn::text {
namespace {

TEST(Finder, Whole) {
  const Finder f("NEEDLE");
  EXPECT_EQ(f.find("HAY NEEDLE"), 4U);
  EXPECT_EQ(f.find("NEEDL"), Finder::npos);
  EXPECT_FALSE(f.found_in(""));
  EXPECT_TRUE(Finder("").found_in(""));
}

bool stream(const Finder& finder, std::string_view text, std::size_t step) {
  StreamFinder s(finder);
  for (std::size_t i = 0; i < text.size(); i += step) s.feed(text.substr(i, step));
  return s.found();
}

TEST(StreamFinder, AcrossEveryBorder) {
  for (const std::string& needle : {"A", "AB", "ABAC", "AAAB", "LONGER THAN A CHUNK"}) {
    const Finder f(needle);
    for (const std::string& text :
         {"xx" + needle + "yy", needle, "AAA" + needle, "ABABAB" + needle + "A",
          needle.substr(0, needle.size() - 1) + "!", needle.substr(1), std::string("ABAAAABA")}) {
      const bool expected = text.find(needle) != std::string::npos;
      for (std::size_t step = 1; step < 12; ++step)
        EXPECT_EQ(stream(f, text, step), expected) << needle << " in " << text << " by " << step;
    }
  }
}

TEST(StreamFinder, ResetForgets) {
  const Finder f("AB");
  StreamFinder s(f);
  s.feed("A");
  s.reset();
  EXPECT_FALSE(s.feed("B"));
  s.reset();
  EXPECT_TRUE(s.feed("AB"));
  s.reset();
  EXPECT_FALSE(s.found());
  const Finder empty("");
  EXPECT_TRUE(StreamFinder(empty).found());
}

}  // namespace
}  // namespace posthorn::text
