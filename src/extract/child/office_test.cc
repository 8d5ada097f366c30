#include "extract/child/office.h"

#include <gtest/gtest.h>

#include "extract/child/test_zip.h"

namespace posthorn::extract {
namespace {

struct Extracted {
  bool whole = false;
  std::string text;
};

Extracted extract(std::string_view document, const OfficeLimits& limits = {},
                  std::size_t most = kMostText) {
  Extracted done;
  TextOutput out(
      [&](std::string_view text) {
        done.text += text;
        return true;
      },
      most);
  done.whole = extract_office(document, out, limits);
  out.flush();
  return done;
}

constexpr std::string_view kWord =
    R"(<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="urn:w"><w:body>)"
    R"(<w:p><w:r><w:t>Dear M&#252;n</w:t></w:r><w:r><w:t>chen &amp; all</w:t></w:r></w:p>)"
    R"(<w:p><w:pPr><w:pStyle w:val="hidden"/></w:pPr><w:r><w:t>second</w:t><w:tab/><w:t>half</w:t></w:r></w:p>)"
    R"(<w:p><w:r><w:instrText>PAGEREF</w:instrText></w:r></w:p></w:body></w:document>)";

TEST(Office, Docx) {
  const std::string document =
      zip_of({{"[Content_Types].xml", "<Types>unseen</Types>"},
              {"word/document.xml", kWord},
              {"word/footer1.xml", R"(<w:ftr xmlns:w="urn:w"><w:p><w:t>page</w:t></w:p></w:ftr>)"},
              {"word/media/image1.png", "\x89PNG unseen"}});
  const Extracted got = extract(document);
  EXPECT_TRUE(got.whole);
  EXPECT_EQ(got.text, "Dear M\u00FCnchen & all second half page ");
}

TEST(Office, Xlsx) {
  const std::string document =
      zip_of({{"xl/sharedStrings.xml",
               R"(<sst><si><t>Rent</t></si><si><r><t>He</t></r><r><t>at</t></r></si></sst>)"},
              {"xl/worksheets/sheet1.xml",
               R"(<worksheet><sheetData><row><c r="A1" t="s"><v>0</v></c><c r="B1"><f>1+1</f>)"
               R"(<v>1234.5</v></c><c t="inlineStr"><is><t>inline</t></is></c></row></sheetData>)"
               R"(</worksheet>)"}});
  const Extracted got = extract(document);
  EXPECT_TRUE(got.whole);
  EXPECT_EQ(got.text, "Rent Heat 1234.5 inline ");
}

TEST(Office, Pptx) {
  const std::string document =
      zip_of({{"ppt/slides/slide1.xml",
               R"(<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>Title</a:t></a:r></a:p></p:sld>)"},
              {"ppt/slides/_rels/slide1.xml.rels", "<t>unseen</t>"},
              {"ppt/notesSlides/notesSlide1.xml",
               R"(<p:notes xmlns:p="p" xmlns:a="a"><a:t>note</a:t></p:notes>)"}});
  EXPECT_EQ(extract(document).text, "Title note ");
}

TEST(Office, OpenDocument) {
  const std::string document = zip_of(
      {{"mimetype", "application/vnd.oasis.opendocument.text"},
       {"content.xml",
        R"(<o:content xmlns:o="o" xmlns:text="t"><o:styles>unseen</o:styles><text:h>Head</text:h>)"
        R"(<text:p>a<text:s/>b <text:span>bold</text:span></text:p></o:content>)"},
       {"styles.xml", R"(<o:s xmlns:o="o" xmlns:text="t"><text:p>foot</text:p></o:s>)"}});
  const Extracted got = extract(document);
  EXPECT_TRUE(got.whole);
  EXPECT_EQ(got.text, "Head a b bold foot ");
}

/// A table of a spreadsheet: cells are separate words.
TEST(Office, OpenDocumentTable) {
  const std::string document = zip_of(
      {{"content.xml",
        R"(<o xmlns:t="t" xmlns:x="x"><x:table-cell><t:p>one</t:p></x:table-cell><x:table-cell><t:p>two</t:p></x:table-cell></o>)"}});
  EXPECT_EQ(extract(document).text, "one two ");
}

/// No entity is ever defined, so that none can grow or lead to a file.
TEST(Office, ADocumentTypeEndsTheFile) {
  const std::string bomb = zip_of(
      {{"word/document.xml",
        R"(<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>)"
        R"(<d xmlns:w="w"><w:t>&b;</w:t></d>)"},
       {"word/footer1.xml", R"(<f xmlns:w="w"><w:t>foot</w:t></f>)"}});
  const Extracted got = extract(bomb);
  EXPECT_FALSE(got.whole);
  EXPECT_EQ(got.text, "foot ");
  const std::string file =
      zip_of({{"word/document.xml",
               R"(<!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/passwd">]><d><t>&f;</t></d>)"}});
  EXPECT_EQ(extract(file).text, "");
}

TEST(Office, AZipBombEndsAtItsLimit) {
  const std::string much(100'000, 'x');
  std::string xml = "<d><t>";
  for (int i = 0; i < 50; ++i) xml += much;
  xml += "</t></d>";
  const std::string document = zip_of({{"word/document.xml", xml}});
  EXPECT_LT(document.size(), 100'000U);
  const Extracted got = extract(document, {.octets = 1'000'000, .entries = 10, .depth = 10});
  EXPECT_FALSE(got.whole);
  EXPECT_LE(got.text.size(), 1'000'000U);
  // The limit of the text ends it as well, and is no damage.
  EXPECT_EQ(extract(document, {}, 1000).text, std::string(1000, 'x'));
}

TEST(Office, ManyFiles) {
  const std::string document =
      zip_of({{"a", ""}, {"b", ""}, {"c", ""}, {"content.xml", "<p>x</p>"}});
  EXPECT_TRUE(extract(document, {.octets = 1000, .entries = 4, .depth = 10}).whole);
  EXPECT_FALSE(extract(document, {.octets = 1000, .entries = 3, .depth = 10}).whole);
}

TEST(Office, DeepElements) {
  std::string xml;
  for (int i = 0; i < 200'000; ++i) xml += "<d>";
  const Extracted got = extract(zip_of({{"content.xml", "<p>early<d>" + xml}}));
  EXPECT_FALSE(got.whole);
  EXPECT_EQ(got.text, "early ");
}

TEST(Office, DamagedFilesGiveWhatIsBeforeTheDamage) {
  EXPECT_FALSE(extract("").whole);
  EXPECT_FALSE(extract("PK\x03\x04 and no more").whole);
  std::string text = "<p>first</p>";
  for (int i = 0; i < 5000; ++i) text += "<p>word " + std::to_string(i * 7919) + "</p>";
  const std::string document = zip_of({{"content.xml", "<o>" + text + "</o>"}});
  ASSERT_TRUE(extract(document).whole);
  const Extracted cut = extract(document.substr(0, document.size() / 2));
  EXPECT_FALSE(cut.whole);
  EXPECT_FALSE(extract(zip_of({{"content.xml", "<o><p>text</o>"}})).whole);
}

}  // namespace
}  // namespace posthorn::extract
