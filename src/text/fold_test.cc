#include "text/fold.h"

#include <gtest/gtest.h>

#include "text/utf8.h"

namespace posthorn::text {
namespace {

TEST(Fold, Keys) {
  EXPECT_EQ(fold("Hello, World 123"), "HELLO, WORLD 123");
  EXPECT_EQ(fold("\xC3\xA9"), "E\xCC\x81");
  EXPECT_EQ(fold("\xC3\xA9"), fold("\xC3\x89"));
  // RFC 5051 §2: U+01C4 becomes D, z, U+030C.
  EXPECT_EQ(fold("\xC7\x84"), "Dz\xCC\x8C");
  EXPECT_EQ(fold("\xD0\xBF\xD1\x80\xD0\xB8"), fold("\xD0\x9F\xD0\xA0\xD0\x98"));
  EXPECT_EQ(fold("\xEF\xBD\x81"), "A") << "fullwidth a";
  EXPECT_EQ(fold("\xE6\x97\xA5"), "\xE6\x97\xA5");
  EXPECT_EQ(fold("\xEA\xB0\x80"), "\xE1\x84\x80\xE1\x85\xA1") << "a Hangul syllable";
  EXPECT_EQ(fold("\xF0\x90\x90\xA8"), "\xF0\x90\x90\x80") << "Deseret";
  EXPECT_EQ(fold("a\xFF"
                 "b"),
            "A\xEF\xBF\xBD"
            "B");
}

TEST(Fold, PiecesFoldAlike) {
  std::string text(130, 'a');
  text += "\xC3\xA9 middle \xE2\x82\xAC" + std::string(70, 'z') + "\xC7\x86";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const std::string_view head = utf8_cut(text, at);
    EXPECT_EQ(fold(head) + fold(std::string_view(text).substr(head.size())), fold(text));
  }
}

TEST(Fold, EveryCharacterGivesUtf8) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string s;
    append_utf8(s, c);
    const std::string key = fold(s);
    ASSERT_TRUE(!key.empty() && is_valid_utf8(key)) << static_cast<unsigned>(c);
  }
}

}  // namespace
}  // namespace posthorn::text
