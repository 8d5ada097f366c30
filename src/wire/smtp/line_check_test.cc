#include "wire/smtp/line_check.h"

#include <gtest/gtest.h>

#include <string>

namespace posthorn::wire::smtp {
namespace {

LineFault check(std::string_view text, std::size_t step = 1) {
  LineCheck check;
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size())))
    check.feed(text.substr(0, step));
  check.finish();
  return check.fault();
}

TEST(LineCheckTest, FindsWhatCannotBeSentOn) {
  using namespace std::string_view_literals;
  for (const std::size_t step : {1UL, 3UL, 10'000UL}) {
    EXPECT_EQ(check("", step), LineFault::none);
    EXPECT_EQ(check("a\r\n\r\nb\r\n", step), LineFault::none);
    EXPECT_EQ(check("a\r\nb", step), LineFault::none);
    EXPECT_EQ(check("a\nb\r\n", step), LineFault::bare_lf);
    EXPECT_EQ(check("\n.\r\n", step), LineFault::bare_lf);
    EXPECT_EQ(check("a\rb\r\n", step), LineFault::bare_cr);
    EXPECT_EQ(check("a\r\r\n", step), LineFault::bare_cr);
    EXPECT_EQ(check("a\r\n\r", step), LineFault::bare_cr);
    EXPECT_EQ(check("a\0b\r\n"sv, step), LineFault::nul);
    EXPECT_EQ(check(std::string(998, 'a') + "\r\n" + std::string(998, 'b') + "\r\n", step),
              LineFault::none);
    EXPECT_EQ(check(std::string(999, 'a') + "\r\n", step), LineFault::too_long);
    EXPECT_EQ(check("a\n\r" + std::string(999, 'a'), step), LineFault::bare_lf);
  }
}

}  // namespace
}  // namespace posthorn::wire::smtp
