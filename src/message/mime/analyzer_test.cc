#include "message/mime/analyzer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "message/digest/digest.h"
#include "message/test_mail.h"

namespace posthorn::message {
namespace {

using testing::analyze;

std::string_view body_of(std::string_view message, const Part& part) {
  return message.substr(part.body_begin, part.size());
}

// Part numbers and types, for short expectations.
void outline(const Part& part, std::string& out) {
  out.append(part.mime.type).append("/").append(part.mime.subtype);
  if (part.children.empty()) return;
  out.append("(");
  for (const Part& child : part.children) {
    if (!out.ends_with('(')) out.append(" ");
    outline(child, out);
  }
  out.append(")");
}

std::string outline(const Part& part) {
  std::string out;
  outline(part, out);
  return out;
}

void expect_nested(const Part& part, std::uint64_t from, std::uint64_t to) {
  EXPECT_LE(from, part.header_begin);
  EXPECT_LE(part.header_begin, part.body_begin);
  EXPECT_LE(part.body_begin, part.body_end);
  EXPECT_LE(part.body_end, to);
  std::uint64_t at = part.body_begin;
  for (const Part& child : part.children) {
    expect_nested(child, at, part.body_end);
    at = child.body_end;
  }
  if (part.mime.is_multipart()) {
    EXPECT_FALSE(part.children.empty());
  }
  EXPECT_EQ(part.mime.is_message(), part.envelope != nullptr);
  if (part.envelope) {
    ASSERT_EQ(part.children.size(), 1U);
    EXPECT_EQ(part.children[0].header_begin, part.body_begin);
    EXPECT_EQ(part.children[0].body_end, part.body_end);
  }
}

// Properties of every message, however it is divided.
void expect_sound(const std::string& message) {
  const Analysis whole = analyze(message);
  EXPECT_EQ(whole.size, message.size());
  EXPECT_EQ(whole.root.body_end, message.size());
  EXPECT_EQ(whole.root.body_begin, whole.header_size);
  expect_nested(whole.root, 0, message.size());
  const Digest digest = make_digest(whole);
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{61}}) {
    const Digest again = make_digest(analyze(message, step));
    EXPECT_EQ(digest.keys, again.keys) << "in spans of " << step;
    EXPECT_EQ(digest.structure, again.structure) << "in spans of " << step;
  }
  EXPECT_TRUE(KeysView(digest.keys).ok());
  EXPECT_EQ(KeysView(digest.keys).size(), message.size());
  EXPECT_TRUE(StructureView(digest.structure).ok());
}

constexpr std::string_view kMixed =
    "From: a@b\r\n"
    "Content-Type: multipart/mixed; boundary=\"foo\"\r\n"
    "\r\n"
    "preamble\r\n"
    "--foo\r\n"
    "\r\n"
    "one\r\ntwo\r\n"
    "--foo\r\n"
    "Content-Type: multipart/alternative; boundary=foobar\r\n"
    "\r\n"
    "--foobar\r\n"
    "Content-Type: text/html\r\n"
    "\r\n"
    "<p>--foo bar\r\n--fo\r\n"
    "\r\n"
    "--foobar--\r\n"
    "inner epilogue\r\n"
    "--foo--\r\n"
    "epilogue\r\n";

TEST(Analyzer, PlainMessage) {
  const std::string m = "Subject: x\r\n\r\nhello\r\nworld\r\n";
  const Analysis a = analyze(m);
  EXPECT_EQ(a.header_size, 14U);
  EXPECT_EQ(a.header_block, "Subject: x\r\n\r\n");
  EXPECT_EQ(outline(a.root), "TEXT/PLAIN");
  EXPECT_EQ(a.root.lines, 2U);
  EXPECT_EQ(a.preview, "hello world");
  expect_sound(m);
}

TEST(Analyzer, MultipartWithPrefixBoundaries) {
  const Analysis a = analyze(kMixed);
  ASSERT_EQ(outline(a.root), "multipart/mixed(TEXT/PLAIN multipart/alternative(text/html))");
  EXPECT_EQ(body_of(kMixed, a.root.children[0]), "one\r\ntwo");
  EXPECT_EQ(a.root.children[0].lines, 1U);
  EXPECT_EQ(body_of(kMixed, a.root.children[1].children[0]), "<p>--foo bar\r\n--fo\r\n");
  EXPECT_EQ(body_of(kMixed, a.root.children[1]).substr(0, 8), "--foobar");
  EXPECT_TRUE(body_of(kMixed, a.root.children[1]).ends_with("inner epilogue"));
  EXPECT_TRUE(body_of(kMixed, a.root).ends_with("--foo--\r\nepilogue\r\n"));
  expect_sound(std::string(kMixed));
}

TEST(Analyzer, BareLineFeeds) {
  std::string m;
  for (const char c : kMixed)
    if (c != '\r') m.push_back(c);
  const Analysis a = analyze(m);
  ASSERT_EQ(outline(a.root), "multipart/mixed(TEXT/PLAIN multipart/alternative(text/html))");
  EXPECT_EQ(body_of(m, a.root.children[0]), "one\ntwo");
  expect_sound(m);
}

TEST(Analyzer, OuterBoundaryEndsInnerParts) {
  const std::string m =
      "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--a\n\nlast\n";
  const Analysis a = analyze(m);
  ASSERT_EQ(outline(a.root), "multipart/mixed(multipart/mixed(TEXT/PLAIN) TEXT/PLAIN)");
  EXPECT_EQ(body_of(m, a.root.children[0].children[0]), "text");
  EXPECT_EQ(body_of(m, a.root.children[1]), "last\n");
  expect_sound(m);
}

TEST(Analyzer, SameBoundaryInsideIsTheInnerOne) {
  const std::string m =
      "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
      "Content-Type: multipart/mixed; boundary=a\n\n--a\n\n1\n--a--\n--a\n\n2\n--a--\n";
  const Analysis a = analyze(m);
  EXPECT_EQ(outline(a.root), "multipart/mixed(multipart/mixed(TEXT/PLAIN) TEXT/PLAIN)");
  expect_sound(m);
}

TEST(Analyzer, NoLineEndAtTheEnd) {
  const std::string m = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--";
  const Analysis a = analyze(m);
  ASSERT_EQ(outline(a.root), "multipart/mixed(TEXT/PLAIN)");
  EXPECT_EQ(body_of(m, a.root.children[0]), "x");
  expect_sound(m);
}

TEST(Analyzer, PartsWithoutBodyOrHeader) {
  const std::string m =
      "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
      "--a\r\n--a\r\nContent-Type: text/html\r\n--a\r\n\r\n--a\r\nX: y\r\n\r\n\r\n--a--\r\n";
  const Analysis a = analyze(m);
  ASSERT_EQ(outline(a.root), "multipart/mixed(TEXT/PLAIN text/html TEXT/PLAIN TEXT/PLAIN)");
  for (const Part& part : a.root.children) EXPECT_EQ(part.size(), 0U);
  EXPECT_EQ(m.substr(a.root.children[1].header_begin, 23), "Content-Type: text/html");
  EXPECT_EQ(a.root.children[1].body_begin, a.root.children[1].header_begin + 23);
  expect_sound(m);
}

// Found by analyzer_fuzz: the line end before the outer boundary belongs to the inner one.
TEST(Analyzer, OuterBoundaryRightBehindAnInnerOne) {
  for (const std::string header : {"", "\n", "X: y\n\n"}) {
    const std::string m =
        "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n" +
        header + "--a--\n";
    const Analysis a = analyze(m);
    EXPECT_EQ(outline(a.root), "multipart/mixed(multipart/mixed(TEXT/PLAIN))");
    EXPECT_EQ(a.root.children[0].body_end, m.size() - 6);
    expect_sound(m);
  }
}

TEST(Analyzer, DigestPartsAreMessages) {
  const std::string m =
      "Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\n"
      "Subject: inner\r\nFrom: x@y\r\n\r\nhello\r\n--a\r\nContent-Type: "
      "text/plain\r\n\r\nz\r\n--a--";
  const Analysis a = analyze(m);
  ASSERT_EQ(outline(a.root), "multipart/digest(MESSAGE/RFC822(TEXT/PLAIN) text/plain)");
  const Part& inner = a.root.children[0];
  EXPECT_EQ(inner.envelope->subject, "inner");
  EXPECT_EQ(body_of(m, inner.children[0]), "hello");
  expect_sound(m);
}

TEST(Analyzer, MessageCutByABoundaryInItsHeader) {
  const std::string m =
      "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n"
      "Subject: only\r\n--a\r\nContent-Type: message/rfc822\r\n--a--\r\n";
  const Analysis a = analyze(m);
  ASSERT_EQ(outline(a.root),
            "multipart/mixed(message/rfc822(TEXT/PLAIN) message/rfc822(TEXT/PLAIN))");
  EXPECT_EQ(a.root.children[0].envelope->subject, "only");
  EXPECT_EQ(a.root.children[1].envelope->subject, std::nullopt);
  expect_sound(m);
}

// interop: MailKit #1393, #1841.
TEST(Analyzer, MultipartWithoutPartsGetsOne) {
  for (const std::string type : {"multipart/alternative", "multipart/mixed; boundary=\"\"",
                                 "multipart/mixed; boundary=never"}) {
    const std::string m = "Content-Type: " + type + "\r\n\r\nbody\r\n";
    const Analysis a = analyze(m);
    ASSERT_EQ(a.root.children.size(), 1U) << type;
    EXPECT_EQ(outline(a.root.children[0]), "TEXT/PLAIN");
    EXPECT_EQ(body_of(m, a.root.children[0]), "body\r\n");
    expect_sound(m);
  }
}

TEST(Analyzer, NoHeaderNoBodyNothing) {
  expect_sound("");
  expect_sound("\r\n");
  expect_sound("\n");
  expect_sound("no header at all");
  expect_sound("Subject: x");
  expect_sound("--\n--\n\n--a\n");
  EXPECT_EQ(analyze("Subject: x").header_size, 10U);
  EXPECT_EQ(analyze("\r\nbody").header_size, 2U);
}

TEST(Analyzer, HeaderCompleteAndLeafStart) {
  Analyzer a;
  a.feed("Content-Type: multipart/mixed; boundary=a\n");
  EXPECT_FALSE(a.header_complete());
  EXPECT_EQ(a.header_size(), 42U);
  a.feed("\n--a\n\nfirst");
  EXPECT_TRUE(a.header_complete());
  EXPECT_EQ(a.header_size(), 43U);
  EXPECT_EQ(a.leaf_body_start(), 48U);
  a.feed("\n--a\nX: y\n\n");
  EXPECT_EQ(a.leaf_body_start(), 64U);
  EXPECT_EQ(a.finish().root.children[1].body_begin, 64U);
}

TEST(Analyzer, NulsAndEightBit) {
  std::string m = "Subject: a\xE4\r\nX: ";
  m.push_back('\0');
  m += "\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n";
  m.append(300, '\0');
  m += "\r\n--a--\r\n";
  EXPECT_EQ(outline(analyze(m).root), "multipart/mixed(TEXT/PLAIN)");
  EXPECT_EQ(analyze(m).root.children[0].size(), 300U);
  expect_sound(m);
}

TEST(Analyzer, LongHeaderLineIsBounded) {
  const std::string m = "Subject: " + std::string(3 << 20, 'x') + "\r\nFrom: a@b\r\n\r\nbody";
  const Analysis a = analyze(m, 1000);
  EXPECT_EQ(a.header_block.size(), Limits().header_block);
  EXPECT_EQ(a.header_size, m.size() - 4);
}

TEST(Analyzer, PartCapLeavesTheRestToTheLast) {
  std::string m = "Content-Type: multipart/mixed; boundary=a\n\n";
  for (int i = 0; i < 50; ++i) m += "--a\n\nx\n";
  Limits limits;
  limits.parts = 11;
  const Analysis a = analyze(m, 0, limits);
  EXPECT_EQ(a.root.children.size(), 10U);
  EXPECT_EQ(a.root.children.back().body_end, m.size());
}

// A small message must not produce a huge digest.
TEST(Analyzer, InnerEnvelopesAreBounded) {
  std::string header = "Subject: s\nFrom: ";
  for (int i = 0; i < 15000; ++i) header += "a@b,";
  std::string m = "Content-Type: multipart/digest; boundary=x\n\n";
  for (int i = 0; i < 100; ++i) m += "--x\n\n" + header + "\n\n";
  const Analysis a = analyze(m);
  ASSERT_EQ(a.root.children.size(), 100U);
  std::size_t addresses = 0;
  for (const Part& part : a.root.children) addresses += part.envelope->from.size();
  EXPECT_EQ(addresses, Limits().part_addresses);
  EXPECT_EQ(a.root.children.back().envelope->subject, "s");
  EXPECT_LT(make_digest(a).structure.size(), m.size());
}

TEST(Analyzer, PartHeadersTogetherAreBounded) {
  std::string m = "Content-Type: multipart/mixed; boundary=x\n\n";
  for (int i = 0; i < 100; ++i)
    m += "--x\nContent-ID: i\nContent-Description: " + std::string(60000, 'd') + "\n\n";
  const Analysis a = analyze(m);
  std::size_t kept = 0;
  for (const Part& part : a.root.children) kept += part.mime.description.value_or("").size();
  EXPECT_LE(kept, Limits().part_headers + 100 * kMinPartHeader);
  EXPECT_GT(kept, Limits().part_headers / 2);
  EXPECT_EQ(a.root.children.back().mime.id, "i");
}

TEST(Analyzer, DepthBombIsOpaqueAndLinear) {
  std::string m;
  for (int i = 0; i < 5000; ++i) {
    const std::string b = "b" + std::to_string(i);
    m += "Content-Type: multipart/mixed; boundary=" + b + "\n\n--" + b + "\n";
  }
  for (int i = 0; i < 100000; ++i) m += "--b\n";
  const Analysis a = analyze(m);
  std::size_t depth = 0;
  for (const Part* p = &a.root; !p->children.empty(); p = &p->children[0]) ++depth;
  EXPECT_LE(depth, Limits().depth);
  EXPECT_GE(depth, Limits().depth - 1);

  std::string messages;
  for (int i = 0; i < 5000; ++i) messages += "Content-Type: message/rfc822\n\n";
  const Analysis b = analyze(messages);
  const Part* last = &b.root;
  while (!last->children.empty()) last = &last->children[0];
  EXPECT_EQ(outline(*last), "APPLICATION/OCTET-STREAM");
  EXPECT_TRUE(StructureView(make_digest(b).structure).ok());
}

TEST(Analyzer, PreviewTakesTheFirstPartWithText) {
  const auto preview = [](std::string_view parts) {
    return analyze("Content-Type: multipart/mixed; boundary=a\n\n" + std::string(parts)).preview;
  };
  EXPECT_EQ(preview("--a\n\n \n--a\nContent-Type: text/html\n\n<title>t</title><p>H&eacute;&amp;"
                    "<b>x</b><style>p{}</style></p>\n--a--\n"),
            "H&eacute;&x");
  EXPECT_EQ(preview("--a\nContent-Disposition: attachment\n\nno\n--a\nContent-Type: text/plain; "
                    "charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n"
                    "> quoted\nGr=FC=DFe=\n an\talle\n--a--\n"),
            "Gr\xC3\xBC\xC3\x9F"
            "e an alle");
  const std::string long_text = "\n\n" + std::string(5000, 'y');
  EXPECT_EQ(analyze(long_text).preview.size(), 200U);
}

TEST(Analyzer, RealMessages) {
  std::size_t seen = 0;
  for (const std::string folder : {"list", "lkml", "broken"}) {
    for (const testing::MailFile& file : testing::real_messages(folder)) {
      SCOPED_TRACE(file.name);
      expect_sound(file.bytes);
      expect_sound(testing::with_crlf(file.bytes));
      ++seen;
    }
  }
  if (seen == 0) GTEST_SKIP() << "no real messages in " << testing::mail_folder();
  EXPECT_GT(seen, 200U);
}

}  // namespace
}  // namespace posthorn::message
