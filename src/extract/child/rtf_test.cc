#include "extract/child/rtf.h"

#include <gtest/gtest.h>

namespace posthorn::extract {
namespace {

std::string text_of(std::string_view document, bool* whole = nullptr,
                    std::size_t most = kMostText) {
  std::string text;
  TextOutput out(
      [&](std::string_view portion) {
        text += portion;
        return true;
      },
      most);
  const bool read = extract_rtf(document, out);
  out.flush();
  if (whole != nullptr) *whole = read;
  return text;
}

TEST(Rtf, PlainText) {
  bool whole = false;
  EXPECT_EQ(text_of(R"({\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}})"
                    R"({\colortbl;\red0\green0\blue0;}{\*\generator Unseen;}\f0\fs20 )"
                    R"(Dear {\b bold} m\'fcller\par second\line third\{x\}})",
                    &whole),
            "Dear bold m\u00FCller second third{x}");
  EXPECT_TRUE(whole);
}

TEST(Rtf, Unicode) {
  EXPECT_EQ(text_of(R"({\rtf1\uc1 \u1055?\u1088?\u8211\'96x\u-10179?\u-9015?})"),
            "\u041F\u0440\u2013x\U0001F4C9");
  EXPECT_EQ(text_of(R"({\rtf1\uc2 \u1055??y{\uc0 \u1088 z}\u1088??})"), "\u041Fy\u0440z\u0440");
}

TEST(Rtf, CharacterSetsOfFonts) {
  EXPECT_EQ(text_of("{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 A;}{\\f1\\fcharset204 B;}"
                    "{\\f2\\fcharset128 C;}}\\'e4 {\\f1 \\'ec\\'e8\\'f0} {\\f2 \\'93\\'fa}\\'e4}"),
            "\u00E4 \u043C\u0438\u0440 \u65E5\u00E4");
}

TEST(Rtf, WhatIsNotDisplayed) {
  EXPECT_EQ(
      text_of(R"({\rtf1{\info{\author Me}}{\stylesheet{\s1 Heading;}}a{\pict\wmetafile8 0102ff})"
              R"({\field{\*\fldinst HYPERLINK "u"}{\fldrslt link}}{\*\unknown zz}{\shp{\*\shpinst)"
              R"({\sp{\sn name}{\sv value}}{\shptxt box}}}b})"),
      "alinkboxb");
}

TEST(Rtf, BinaryData) {
  EXPECT_EQ(text_of("{\\rtf1 a{\\*\\blob\\bin5 }}}}}}b}"), "ab");
  EXPECT_EQ(text_of("{\\rtf1 a\\bin99999999999999999999 rest}"), "a");
  EXPECT_EQ(text_of("{\\rtf1 a\\bin-5 b}"), "ab");
}

TEST(Rtf, Damage) {
  bool whole = true;
  EXPECT_EQ(text_of("", &whole), "");
  EXPECT_FALSE(whole);
  EXPECT_EQ(text_of("{\\rtf1 cut off", &whole), "cut off");
  EXPECT_FALSE(whole);
  EXPECT_EQ(text_of("{\\rtf1 done} {more}", &whole), "done");
  EXPECT_TRUE(whole);
  EXPECT_EQ(text_of("{\\rtf1 \\'g1x\\'", &whole), "g1x");
  std::string deep = "{\\rtf1 early";
  deep.append(100'000, '{');
  EXPECT_EQ(text_of(deep, &whole), "early");
  EXPECT_FALSE(whole);
}

TEST(Rtf, TheLimitEndsIt) {
  bool whole = false;
  std::string document = "{\\rtf1 ";
  document.append(100'000, 'x');
  EXPECT_EQ(text_of(document + "}", &whole, 1000), std::string(1000, 'x'));
}

}  // namespace
}  // namespace posthorn::extract
