#include "text/charset.h"

#include <gtest/gtest.h>

#include "text/utf8.h"

namespace posthorn::text {
namespace {

TEST(Charset, Known) {
  for (const std::string_view name :
       {"us-ascii", "UTF-8", "utf8", "ISO-8859-1", "iso-8859-15", "windows-1252", "KOI8-R",
        "gb2312", "GBK", "big5", "iso-2022-jp", "shift_jis", "euc-kr", "ks_c_5601-1987", "utf-16le",
        "utf-7"})
    EXPECT_TRUE(is_known_charset(name)) << name;
  for (const std::string_view name :
       {"", "x-unknown", "unknown-8bit", "utf-8,swaplfnl", "../x", "a b", "default_charset"})
    EXPECT_FALSE(is_known_charset(name)) << name;
}

TEST(Charset, Conversions) {
  EXPECT_EQ(*to_utf8("iso-8859-1", "caf\xE9"), "caf\xC3\xA9");
  EXPECT_EQ(*to_utf8("iso-8859-15", "\xA4"), "\xE2\x82\xAC");
  EXPECT_EQ(*to_utf8("koi8-r", "\xF0\xD2\xC9"), "\xD0\x9F\xD1\x80\xD0\xB8");
  EXPECT_EQ(*to_utf8("gb2312", "\xC4\xE3\xBA\xC3"), "\xE4\xBD\xA0\xE5\xA5\xBD");
  EXPECT_EQ(*to_utf8("iso-2022-jp", "\x1B$B\x46\x7C\x4B\x5C\x1B(B"), "\xE6\x97\xA5\xE6\x9C\xAC");
  EXPECT_EQ(*to_utf8("utf-16le", std::string_view("\x3D\xD8\x00\xDE", 4)), "\xF0\x9F\x98\x80");
  EXPECT_EQ(*to_utf8("utf-8", "a\xFF"), "a\xEF\xBF\xBD");
  EXPECT_EQ(*to_utf8("us-ascii", "caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(to_utf8("x-nope", "a").error().kind, ErrorKind::unknown_charset);
  EXPECT_EQ(to_utf8_lenient("x-nope", "caf\xE9"), "caf\xC3\xA9");
  EXPECT_EQ(guess_to_utf8("\x93x\x94 \x81"), "\xE2\x80\x9Cx\xE2\x80\x9D \xEF\xBF\xBD");
}

TEST(Charset, ResultsAreValidAndBounded) {
  for (const std::string_view name :
       {"iso-2022-jp", "gb18030", "utf-7", "utf-16", "big5", "shift_jis", "koi8-r"}) {
    std::string bytes;
    for (int i = 0; i < 3000; ++i) bytes.push_back(static_cast<char>(i * 31 + i / 7));
    const auto out = to_utf8(name, bytes);
    ASSERT_TRUE(out);
    EXPECT_TRUE(is_valid_utf8(*out)) << name;
    EXPECT_LE(out->size(), bytes.size() * kMaxExpansion + 16);
  }
}

std::string stream(std::string_view charset, std::string_view bytes, std::size_t step) {
  auto decoder = CharsetDecoder::open(charset);
  EXPECT_TRUE(decoder.has_value());
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += step) {
    decoder->feed(bytes.substr(i, step), out);
    EXPECT_TRUE(is_valid_utf8(out)) << "cut a character in two";
  }
  decoder->finish(out);
  return out;
}

TEST(CharsetDecoder, SameAsWhole) {
  const std::pair<std::string, std::string> texts[] = {
      {"utf-8", "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 \xFF\xC3(\xE2\x82 \xF0\x9F\x98"},
      {"us-ascii", "plain \xC3\xA9"},
      {"iso-2022-jp", "\x1B$B\x46\x7C\x4B\x5C\x1B(B end"},
      {"gb2312", "\xC4\xE3\xBA\xC3 \xC4"},
      {"utf-16le", std::string("\x3D\xD8\x00\xDE\x41\x00", 6)},
      {"windows-1252", "\x93quote\x94 \x81"},
      {"koi8-r", "\xF0\xD2\xC9"},
  };
  for (const auto& [charset, bytes] : texts)
    for (std::size_t step = 1; step < 8; ++step)
      EXPECT_EQ(stream(charset, bytes, step), *to_utf8(charset, bytes)) << charset << step;
  EXPECT_EQ(CharsetDecoder::open("x-nope").error().kind, ErrorKind::unknown_charset);
}

}  // namespace
}  // namespace posthorn::text
