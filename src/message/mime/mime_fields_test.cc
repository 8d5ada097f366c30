#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "message/mime/boundary.h"
#include "message/mime/part.h"

namespace posthorn::message {
namespace {

MimeFields parse(std::string_view block) {
  return parse_mime_fields(block, DefaultType::text_plain);
}

std::string show(std::string_view content_type) {
  const MimeFields m = parse("Content-Type: " + std::string(content_type) + "\n\n");
  std::string out = m.type + "/" + m.subtype;
  for (const Param& p : m.params) out += ";" + p.name + "=" + p.value;
  return out;
}

TEST(MimeFields, ContentType) {
  const std::pair<std::string, std::string> cases[] = {
      {"text/html", "text/html;charset=us-ascii"},
      {"Text/HTML; Charset=UTF-8", "Text/HTML;Charset=UTF-8"},
      {"text/html; charset=\"utf-8\"", "text/html;charset=utf-8"},
      {"text/html ; charset = utf-8 (comment)", "text/html;charset=utf-8"},
      {"text/html;charset=utf-8;", "text/html;charset=utf-8"},
      {"text/html\r\n\t;charset=x", "text/html;charset=x"},
      {"(c) image (c) / (c) png (c)", "image/png"},
      {"a/b; name=My file.txt; x=y", "a/b;name=My file.txt;x=y"},
      {"a/b; name=\"a \\\"b\\\"; c\"", "a/b;name=a \"b\"; c"},
      {"a/b; broken; x=y", "a/b;x=y"},
      {"a/b; ;; x=y", "a/b;x=y"},
      {"a/b; x=", "a/b;x="},
      {"a/b; boundary=\"=_a b?\"", "a/b;boundary==_a b?"},
      {"a/b; filename*0=a; filename*1=b", "a/b;filename=ab"},
      // RFC 2045 §5.2: a field that violates the grammar means the default.
      {"text", "TEXT/PLAIN;charset=us-ascii"},
      {"/x", "TEXT/PLAIN;charset=us-ascii"},
      {"", "TEXT/PLAIN;charset=us-ascii"},
      {"t\xE4xt/plain", "TEXT/PLAIN;charset=us-ascii"},
      {"text/plain", "text/plain;charset=us-ascii"},
      // RFC 2046 §4.1.2: applies to every subtype of text.
      {"text/html; name=x.html", "text/html;name=x.html;charset=us-ascii"},
      {"TEXT/x-patch", "TEXT/x-patch;charset=us-ascii"},
      {"text/plain; charset*=utf-8''utf-8", "text/plain;charset*=utf-8''utf-8"},
      {"text/plain; charset=", "text/plain;charset="},
      {"application/text", "application/text"},
      {"text/plain; format=flowed", "text/plain;format=flowed;charset=us-ascii"},
  };
  for (const auto& [raw, expected] : cases) EXPECT_EQ(show(raw), expected) << raw;
}

TEST(MimeFields, Others) {
  const MimeFields m = parse(
      "content-transfer-encoding:  Quoted-Printable (x)\r\nContent-ID: <a@b>\r\n"
      "Content-Description: a\r\n b\r\nContent-MD5: Q2hlY2s=\r\n"
      "Content-Disposition: attachment; filename=\"x y\"; size=3\r\n"
      "Content-Language: en, de (German), fr\r\nContent-Location: http://x\r\n"
      "Content-ID: <second>\r\nContent-Type: junk\r\nContent-Type: image/png\r\n\r\n");
  EXPECT_EQ(m.encoding, "Quoted-Printable");
  EXPECT_EQ(m.id, "<a@b>");
  EXPECT_EQ(m.description, "a b");
  EXPECT_EQ(m.md5, "Q2hlY2s=");
  EXPECT_EQ(m.disposition, "attachment");
  EXPECT_EQ(m.disposition_params, (std::vector<Param>{{"filename", "x y"}, {"size", "3"}}));
  EXPECT_THAT(m.languages, ::testing::ElementsAre("en", "de", "fr"));
  EXPECT_EQ(m.location, "http://x");
  EXPECT_EQ(m.type, "image");
  EXPECT_EQ(parse("\n").encoding, "7BIT");
  EXPECT_EQ(parse("Content-Transfer-Encoding:\n\n").encoding, "7BIT");
  EXPECT_EQ(parse("\n").charset(), "us-ascii");
  EXPECT_EQ(parse("Content-Type: text/html\n\n").charset(), "us-ascii");
  EXPECT_TRUE(parse_mime_fields("X: y\n\n", DefaultType::message_rfc822).is_message());
  EXPECT_TRUE(parse("Content-Type: message/global\n\n").is_message());
  EXPECT_FALSE(parse("Content-Type: message/partial\n\n").is_message());
}

TEST(MimeFields, ParamsAreBounded) {
  std::string many = "Content-Type: a/b";
  for (int i = 0; i < 5000; ++i) many += "; p" + std::to_string(i) + "=v";
  EXPECT_EQ(parse(many + "\n\n").params.size(), 100U);
}

TEST(Boundaries, Matching) {
  Boundaries b;
  EXPECT_TRUE(b.open("foo", 0));
  EXPECT_TRUE(b.open("foobar ", 1));
  EXPECT_TRUE(b.open("foo--", 2));
  EXPECT_FALSE(b.open("", 3));
  EXPECT_FALSE(b.open(std::string(Boundaries::kMaxLength + 1, 'x'), 3));
  const auto at = [&b](std::string_view line) {
    const auto m = b.match(line);
    return m ? std::to_string(m->depth) + (m->closes ? "-" : "") : "none";
  };
  EXPECT_EQ(at("--foo\r\n"), "0");
  EXPECT_EQ(at("--foo \t\r\n"), "0");
  EXPECT_EQ(at("--foobar\n"), "1");
  EXPECT_EQ(at("--foobar--"), "1-");
  EXPECT_EQ(at("--foo--"), "2") << "the innermost reading";
  EXPECT_EQ(at("--foo----"), "2-");
  EXPECT_EQ(at("--foox"), "none");
  EXPECT_EQ(at("-foo"), "none");
  EXPECT_EQ(at("--"), "none");
  EXPECT_EQ(at("--foo" + std::string(500, ' ')), "none");
  b.close_from(1);
  EXPECT_EQ(at("--foobar"), "none");
  EXPECT_EQ(at("--foo--"), "0-");
  b.close_from(0);
  EXPECT_TRUE(b.empty());
}

}  // namespace
}  // namespace posthorn::message
