#include "wire/lex/dot_stuffer.h"

#include <gtest/gtest.h>

namespace posthorn::wire::lex {
namespace {

std::string stuff(std::string_view text, std::size_t step) {
  DotStuffer dots;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += step) dots.add(text.substr(at, step), out);
  dots.finish(out);
  return out;
}

TEST(DotStufferTest, DoublesTheDotsAtLineStarts) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ".\r\n"},
      {".", "..\r\n.\r\n"},
      {"a\r\n", "a\r\n.\r\n"},
      {".\r\n.\r\n..\r\na.b\r\n", "..\r\n..\r\n...\r\na.b\r\n.\r\n"},
      {"\r\n.x", "\r\n..x\r\n.\r\n"},
  };
  for (const auto& [from, to] : cases)
    for (const std::size_t step : {1UL, 2UL, 3UL, 100UL}) EXPECT_EQ(stuff(from, step), to) << from;
}

}  // namespace
}  // namespace posthorn::wire::lex
