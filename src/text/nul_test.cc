#include "text/nul.h"

#include <gtest/gtest.h>

namespace posthorn::text {
namespace {

using namespace std::string_literals;

TEST(AppendWithoutNul, ReplacesEveryNulAndKeepsTheSize) {
  std::string out = "before\0"s;  // What is there already is not its business.
  append_without_nul(out, "\0a\0\0b\xff\r\n\0"s);
  EXPECT_EQ(out, "before\0\x80"s + "a\x80\x80" + "b\xff\r\n\x80");
  append_without_nul(out, "");
  EXPECT_EQ(out.size(), 7U + 9U);
}

TEST(AppendWithoutNul, LeavesOtherTextAsItIs) {
  const std::string text(100'000, 'x');
  std::string out;
  append_without_nul(out, text);
  EXPECT_EQ(out, text);
  append_without_nul(out, std::string(100'000, '\0'));
  EXPECT_EQ(out, text + std::string(100'000, kNulSubstitute));
}

}  // namespace
}  // namespace posthorn::text
