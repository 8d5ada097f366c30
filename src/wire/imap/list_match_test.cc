#include "wire/imap/list_match.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace posthorn::wire::imap {
namespace {

// The definition, as a recursive function.
bool slow(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] != '*' && pattern[0] != '%')
    return !name.empty() && pattern[0] == name[0] && slow(pattern.substr(1), name.substr(1));
  if (slow(pattern.substr(1), name)) return true;
  return !name.empty() && (pattern[0] == '*' || name[0] != '/') && slow(pattern, name.substr(1));
}

bool matches(std::string_view pattern, std::string_view name, char delimiter = '/') {
  return ListPattern("", pattern, delimiter).matches(name);
}

TEST(ListPattern, Wildcards) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*", "a/b/c"));
  EXPECT_TRUE(matches("%", "a"));
  EXPECT_FALSE(matches("%", "a/b"));
  EXPECT_TRUE(matches("%/%", "a/b"));
  EXPECT_FALSE(matches("%/%", "a"));
  EXPECT_TRUE(matches("a*c", "a/b/c"));
  EXPECT_FALSE(matches("a%c", "a/b/c"));
  EXPECT_TRUE(matches("%%", "ab"));
  EXPECT_TRUE(matches("%*", "a/b"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("a", ""));
  EXPECT_TRUE(matches("%", "a/b", 0));
  EXPECT_TRUE(matches("Entw\xC3\xBC%", "Entw\xC3\xBCrfe"));
  EXPECT_FALSE(matches("a", "A"));
}

TEST(ListPattern, ReferenceComesFirst) {
  EXPECT_TRUE(ListPattern("a/", "%", '/').matches("a/b"));
  EXPECT_FALSE(ListPattern("a/", "%", '/').matches("b"));
}

TEST(ListPattern, InboxInAnyCase) {
  EXPECT_TRUE(matches("inbox", "INBOX"));
  EXPECT_TRUE(matches("iNb%", "INBOX"));
  EXPECT_FALSE(matches("inbox/x", "INBOX/x"));
  EXPECT_FALSE(matches("drafts", "DRAFTS"));
}

TEST(ListPattern, AgreesWithTheDefinition) {
  std::mt19937 random(1);
  const auto draw = [&](std::string_view alphabet, std::size_t longest) {
    std::string out;
    for (std::size_t n = random() % (longest + 1); n > 0; --n)
      out += alphabet[random() % alphabet.size()];
    return out;
  };
  for (int i = 0; i < 50000; ++i) {
    const std::string pattern = draw("ab/*%", 8);
    const std::string name = draw("ab/", 9);
    ASSERT_EQ(matches(pattern, name), slow(pattern, name)) << pattern << " on " << name;
  }
}

TEST(ListPattern, LongPatterns) {
  const std::string prefix(150, 'x');
  EXPECT_TRUE(matches(prefix + "%", prefix + "abc"));
  EXPECT_TRUE(matches("*" + prefix, "abc" + prefix));
  EXPECT_FALSE(matches("*" + prefix + "y", "abc" + prefix));
  for (std::size_t n = 60; n < 70; ++n) {
    const std::string s(n, 'a');
    EXPECT_TRUE(matches(s, s));
    EXPECT_FALSE(matches(s + "a", s));
    EXPECT_TRUE(matches(s + "%", s));
  }
}

TEST(ListPattern, ManyWildcardsCostNoMoreThanFew) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "*a%";
  const std::string name(100000, 'a');
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(matches(pattern + "b", name));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

}  // namespace
}  // namespace posthorn::wire::imap
