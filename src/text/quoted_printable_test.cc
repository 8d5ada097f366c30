#include "text/quoted_printable.h"

#include <gtest/gtest.h>

#include <random>

namespace posthorn::text {
namespace {

std::string decode(std::string_view in, std::size_t step) {
  QuotedPrintableDecoder decoder;
  std::string out;
  for (std::size_t i = 0; i < in.size(); i += step) decoder.feed(in.substr(i, step), out);
  decoder.finish(out);
  return out;
}

TEST(QuotedPrintable, Cases) {
  const std::pair<std::string, std::string> cases[] = {
      {"plain text", "plain text"},
      {"caf=C3=A9", "caf\xC3\xA9"},
      {"lower=c3=a9", "lower\xC3\xA9"},
      {"soft=\r\nbreak", "softbreak"},
      {"soft=\nbreak", "softbreak"},
      {"soft= \t\r\nbreak", "softbreak"},
      {"trailing  \t\r\nblank", "trailing\r\nblank"},
      {"trailing \nlf", "trailing\nlf"},
      {"inner  two", "inner  two"},
      {"bad=ZZ", "bad=ZZ"},
      {"bad=4", "bad=4"},
      {"bad=4Z=41", "bad=4ZA"},
      {"==41", "=A"},
      {"a=3D=3D", "a=="},
      {"end=", "end"},
      {"end \t", "end"},
      {"a= b", "a= b"},
      {"a\rb", "a\rb"},
      {"a\r\n\r\nb", "a\r\n\r\nb"},
      {"a=\r\n\r\nb", "a\r\nb"},
      {"=\r\n=\r\n=41", "A"},
      {"a\r\r\nb", "a\r\r\nb"},
      {"=4\r\nx", "=4\r\nx"},
  };
  for (const auto& [in, out] : cases)
    for (std::size_t step = 1; step < 9; ++step)
      EXPECT_EQ(decode(in, step), out) << in << " by " << step;
}

// The decoder has separate paths for whole lines and for single octets.
TEST(QuotedPrintable, TheSameByLinesAndByOctets) {
  std::mt19937 random(2045);
  constexpr std::string_view kPieces[] = {"word",   "=",    "=41", "=4",    " ",
                                          "\t",     "\r",   "\n",  "\r\n",  "=\r\n",
                                          "= \r\n", "\xC3", "==",  "=C3=a9"};
  for (int round = 0; round < 20'000; ++round) {
    std::string in;
    for (auto n = random() % 12; n > 0; --n) in += kPieces[random() % std::size(kPieces)];
    ASSERT_EQ(decode(in, in.size() + 1), decode(in, 1)) << in;
    ASSERT_EQ(decode(in, 1 + random() % 7), decode(in, 1)) << in;
  }
}

TEST(QuotedPrintable, HeldBlanksAreBounded) {
  const std::string in = "a" + std::string(100000, ' ') + "b";
  EXPECT_EQ(decode(in, 1), in);
  EXPECT_EQ(decode(in, 100), in);
}

}  // namespace
}  // namespace posthorn::text
