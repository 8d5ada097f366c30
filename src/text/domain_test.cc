#include "text/domain.h"

#include <gtest/gtest.h>

namespace posthorn::text {
namespace {

std::string ascii(std::string_view name) {
  const Result<std::string> made = domain_to_ascii(name);
  return made ? *made : "-";
}

TEST(Domain, IsAsciiInLowerCaseWithoutTheLastDot) {
  EXPECT_EQ(ascii("Example.ORG."), "example.org");
  EXPECT_EQ(ascii("mail-1.example.org"), "mail-1.example.org");
  EXPECT_EQ(ascii("xn--bcher-kva.example"), "xn--bcher-kva.example");
}

TEST(Domain, OfOtherScriptsBecomesALabels) {
  EXPECT_EQ(ascii("Bücher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(ascii("straße.example"), "xn--strae-oqa.example");  // Not "strasse".
  EXPECT_EQ(ascii("例え。テスト"), "xn--r8jz45g.xn--zckzah");
}

TEST(Domain, IsRefusedWhenItCannotBeOne) {
  for (const char* bad : {"", ".", "a..b", ".a", "a b.example", "a_b.example", "-a.example",
                          "a-.example", "ex\nample.org", "a.example;", "192.0.2.1", "a.7",
                          "xn--\xC3\xA4.example", "\xFF.example", "a..", "user@example.org"})
    EXPECT_EQ(ascii(bad), "-") << bad;
}

TEST(Domain, IsBounded) {
  const std::string label(63, 'a');
  EXPECT_EQ(ascii(label + ".example"), label + ".example");
  EXPECT_EQ(ascii(label + "a.example"), "-");
  const std::string name = label + "." + label + "." + label + "." + std::string(61, 'b');
  EXPECT_EQ(name.size(), 253U);
  EXPECT_EQ(ascii(name), name);
  EXPECT_EQ(ascii(name + "b"), "-");
  EXPECT_EQ(ascii(std::string(100'000, 'a')), "-");
}

}  // namespace
}  // namespace posthorn::text
