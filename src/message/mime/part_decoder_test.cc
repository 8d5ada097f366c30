#include "message/mime/part_decoder.h"

#include <gtest/gtest.h>

#include "message/digest/preview.h"

namespace posthorn::message {
namespace {

std::string run(Result<PartDecoder> decoder, std::string_view raw, std::size_t step) {
  EXPECT_TRUE(decoder.has_value());
  std::string out;
  for (std::size_t i = 0; i < raw.size(); i += step) decoder->feed(raw.substr(i, step), out);
  decoder->finish(out);
  return out;
}

TEST(PartDecoder, EncodingsAndCharsets) {
  for (std::size_t step = 1; step < 7; ++step) {
    EXPECT_EQ(run(PartDecoder::binary("base64"), "AAEC\r\n/w==", step),
              std::string("\x00\x01\x02\xFF", 4));
    EXPECT_EQ(run(PartDecoder::binary("8BIT"), "\xFF=41", step), "\xFF=41");
    EXPECT_EQ(run(PartDecoder::binary(" binary "), "x", step), "x");
    EXPECT_EQ(run(PartDecoder::text("Quoted-Printable", "iso-8859-1"), "caf=E9=\r\n!", step),
              "caf\xC3\xA9!");
    EXPECT_EQ(run(PartDecoder::text("base64", "utf-8"), "w6nD", step), "\xC3\xA9\xEF\xBF\xBD");
    EXPECT_EQ(run(PartDecoder::text("7bit", "x-nope"), "plain", step), "plain");
  }
  EXPECT_EQ(PartDecoder::binary("x-uuencode").error().kind, ErrorKind::unknown_encoding);
  EXPECT_EQ(PartDecoder::text("x-uuencode", "utf-8").error().kind, ErrorKind::unknown_encoding);
  EXPECT_TRUE(is_known_encoding("7BIT"));
  EXPECT_FALSE(is_known_encoding("x"));
}

TEST(Preview, Text) {
  EXPECT_EQ(plain_preview(" a \r\n\r\n b\tc ", "7bit", "utf-8"), "a b c");
  EXPECT_EQ(plain_preview("> only\n> quotes", "7bit", "utf-8"), "> only > quotes");
  EXPECT_EQ(plain_preview("x", "x-nope", "utf-8"), "");
  EXPECT_EQ(plain_preview("a\xC3", "8bit", "utf-8"), "a") << "cut by the capture";
  std::string wide;
  for (int i = 0; i < 300; ++i) wide += "\xE2\x82\xAC";
  EXPECT_EQ(plain_preview(wide, "8bit", "utf-8").size(), 600U);
}

TEST(Preview, Html) {
  const std::pair<std::string, std::string> cases[] = {
      {"<p>a<br>b</p>", "a b"},
      {"<HEAD><TITLE>no</TITLE><Style>x{}</STYLE></HEAD><b>b</b>old", "bold"},
      {"<!-- no > --> yes", "yes"},
      {"&lt;&#65;&#x42;&nbsp;&unknown;&", "<AB &unknown;&"},
      {"&#0;&#xD800;&#x110000;", "&#0;&#xD800;&#x110000;"},
      {"a<unclosed", "a"},
      {"<script>if (a < b) {}</script>t", "t"},
      {"<style>never closed", ""},
  };
  for (const auto& [html, text] : cases)
    EXPECT_EQ(html_preview(html, "7bit", "utf-8"), text) << html;
}

}  // namespace
}  // namespace posthorn::message
