#include "server/autoconfig/xml_writer.h"

#include <gtest/gtest.h>

namespace posthorn::server::autoconfig {
namespace {

std::string leaf(std::string_view text) {
  XmlWriter xml;
  xml.leaf("a", text);
  std::string document = std::move(xml).finish();
  return document.substr(document.find('\n') + 1);
}

TEST(XmlWriter, NestsElements) {
  XmlWriter xml("plist");
  xml.open("a", {{"x", "1"}, {"y", "<\">"}});
  xml.leaf("b", "text");
  xml.empty("c");
  xml.close();
  EXPECT_EQ(std::move(xml).finish(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist>\n"
            "<a x=\"1\" y=\"&lt;&quot;&gt;\">\n  <b>text</b>\n  <c/>\n</a>\n");
}

TEST(XmlWriter, EscapesWhatMeansSomething) {
  EXPECT_EQ(leaf("a&b<c>]]>\"'"), "<a>a&amp;b&lt;c&gt;]]&gt;&quot;'</a>\n");
  EXPECT_EQ(leaf("\t\r\n"), "<a>&#9;&#13;&#10;</a>\n");
  EXPECT_EQ(leaf("ä€\U0001F4EF"), "<a>ä€\U0001F4EF</a>\n");
}

TEST(XmlWriter, ReplacesWhatCannotBeSaid) {
  EXPECT_EQ(leaf(std::string_view("\0\x01\x1F", 3)), "<a>\uFFFD\uFFFD\uFFFD</a>\n");
  EXPECT_EQ(leaf("\xFF\xC3"), "<a>\uFFFD\uFFFD</a>\n");
  EXPECT_EQ(leaf("\xEF\xBF\xBE"), "<a>\uFFFD</a>\n");               // U+FFFE.
  EXPECT_EQ(leaf("\xED\xA0\x80").find('\xED'), std::string::npos);  // A surrogate.
}

}  // namespace
}  // namespace posthorn::server::autoconfig
