#include "text/crlf_text.h"

#include <gtest/gtest.h>

namespace posthorn::text {
namespace {

using namespace std::string_literals;

std::string convert(std::string_view text, std::size_t step) {
  CrlfText crlf;
  std::string out;
  std::string scratch;
  for (std::size_t at = 0; at < text.size(); at += step)
    out += crlf.take(text.substr(at, step), scratch);
  out += crlf.finish();
  return out;
}

TEST(CrlfTextTest, ConvertsHoweverItIsCut) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"a", "a\r\n"},
      {"a\r\n", "a\r\n"},
      {"a\n", "a\r\n"},
      {"\n", "\r\n"},
      {"\n\n", "\r\n\r\n"},
      {"a\r\n\nb\r", "a\r\n\r\nb\r\r\n"},
      {"a\rb\r\r\n", "a\rb\r\r\n"},
      {"a\0b\0\n"s, "a\x80"s + "b\x80\r\n"},
  };
  for (const auto& [from, to] : cases)
    for (const std::size_t step : {1UL, 2UL, 3UL, 100UL}) EXPECT_EQ(convert(from, step), to);
}

TEST(CrlfTextTest, GivesBackWhatIsFitAsItIs) {
  CrlfText crlf;
  std::string scratch;
  const std::string_view piece = "one\r\ntwo\r";
  EXPECT_EQ(crlf.take(piece, scratch).data(), piece.data());
  const std::string_view rest = "\nthree";
  EXPECT_EQ(crlf.take(rest, scratch).data(), rest.data());
}

TEST(CrlfTextTest, FindsTheOneOctetWhereverItStands) {
  for (std::size_t at = 0; at < 200; ++at) {
    std::string text(200, 'x');
    EXPECT_TRUE(is_crlf_text(text, '\n'));
    text[at] = '\n';
    EXPECT_FALSE(is_crlf_text(text, '\n')) << at;
    if (at > 0) {
      text[at - 1] = '\r';
      EXPECT_TRUE(is_crlf_text(text, '\n')) << at;
    }
    text[at] = '\0';
    EXPECT_FALSE(is_crlf_text(text, '\n')) << at;
  }
  EXPECT_TRUE(is_crlf_text("\nx", '\r'));
}

}  // namespace
}  // namespace posthorn::text
