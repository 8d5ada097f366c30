#include "message/header/header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthorn::message {
namespace {

constexpr std::string_view kBlock =
    "From mbox line without colon-name\r\n"
    "Subject: one\r\n two\r\n"
    "FROM : a@b\r\n"
    "Empty:\r\n"
    "X-Lf: bare\n"
    "bad name: x\r\n"
    "\r\n"
    "Body: no\r\n";

TEST(HeaderIterator, Fields) {
  HeaderIterator fields(kBlock);
  std::vector<std::string> seen;
  for (HeaderField f; fields.next(f);)
    seen.push_back(std::string(f.name) + "|" + std::string(f.value) + "|" +
                   std::to_string(f.whole.size()));
  EXPECT_THAT(seen, ::testing::ElementsAre("|From mbox line without colon-name|35",
                                           "Subject| one\r\n two|20", "FROM| a@b|12", "Empty||8",
                                           "X-Lf| bare|11", "|bad name: x|13"));
  EXPECT_EQ(fields.blank_line(), "\r\nBody: no\r\n");
}

TEST(HeaderIterator, Edges) {
  for (const std::string_view block : {"", "\n", "\r\n", "\r\nX: y"}) {
    HeaderIterator fields(block);
    HeaderField f;
    EXPECT_FALSE(fields.next(f)) << block;
  }
  HeaderIterator cut("X: y");
  HeaderField f;
  ASSERT_TRUE(cut.next(f));
  EXPECT_EQ(f.value, " y");
  EXPECT_FALSE(cut.next(f));
  EXPECT_EQ(*find_header(kBlock, "from"), " a@b");
  EXPECT_EQ(find_header(kBlock, "body"), std::nullopt);
}

// RFC 9051 §6.4.5.1.
TEST(FilterHeader, FieldsAndNot) {
  const std::vector<std::string> names = {"subject", "From", "x-none"};
  EXPECT_EQ(filter_header(kBlock, names, HeaderFilter::fields),
            "Subject: one\r\n two\r\nFROM : a@b\r\n\r\n");
  EXPECT_EQ(filter_header(kBlock, names, HeaderFilter::fields_not),
            "From mbox line without colon-name\r\nEmpty:\r\nX-Lf: bare\nbad name: x\r\n\r\n");
  EXPECT_EQ(filter_header(kBlock, {}, HeaderFilter::fields), "\r\n");
  EXPECT_EQ(filter_header("A: b\n\nbody", names, HeaderFilter::fields_not), "A: b\n\n");
  EXPECT_EQ(filter_header("From: b", names, HeaderFilter::fields), "From: b") << "no blank line";
}

TEST(Header, DecodedValue) {
  EXPECT_EQ(decode_header_value(" =?utf-8?q?=C3=A9?=\r\n =?utf-8?q?=C3=A9?= x\r\n"),
            "\xC3\xA9\xC3\xA9 x");
}

}  // namespace
}  // namespace posthorn::message
