#include "message/digest/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "message/mime/section.h"
#include "message/test_mail.h"
#include "text/ascii.h"
#include "text/fold.h"

namespace posthorn::message {
namespace {

using testing::analyze;

constexpr std::string_view kHeader =
    "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
    "From: Terry Gray <gray@cac.washington.edu>\r\n"
    "Subject: Re: [imap] =?iso-8859-1?q?M=FCnchen?= (fwd)\r\n"
    "To: imap@cac.washington.edu\r\n"
    "cc: minutes@CNRI.Reston.VA.US,\r\n John \"Q\" Klensin <KLENSIN@MIT.EDU>\r\n"
    "Message-Id: <B27397-0100000@cac.washington.edu>\r\n"
    "References: <a@b> (c) <\"q\"@d>\r\n"
    "MIME-Version: 1.0\r\n";

struct Made {
  explicit Made(std::string_view bytes) : digest(make_digest(analyze(bytes))) {}
  Digest digest;
  KeysView keys() const { return KeysView(digest.keys); }
  StructureView structure() const { return StructureView(digest.structure); }
};

// RFC 9051 §8.
TEST(Digest, EnvelopeAndBodyOfAPlainMessage) {
  const Made m(std::string(kHeader) + "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\nhi\r\n");
  EXPECT_EQ(m.structure().envelope(StringForm::ascii),
            "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
            "\"Re: [imap] =?iso-8859-1?q?M=FCnchen?= (fwd)\" "
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
            "((NIL NIL \"imap\" \"cac.washington.edu\")) "
            "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
            "(\"John Q Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
            "\"<B27397-0100000@cac.washington.edu>\")");
  EXPECT_EQ(m.structure().body(StringForm::ascii),
            "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 4 1)");
  EXPECT_EQ(m.structure().bodystructure(StringForm::ascii),
            "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 4 1 NIL NIL NIL NIL)");
  EXPECT_EQ(m.structure().preview(), "hi");
}

TEST(Digest, SaysWhatALineProtocolHasToChange) {
  struct Case {
    std::string_view message;
    TextForm form;
  };
  for (const auto& [message, expected] : {
           Case{"A: b\r\n\r\nc\r\n", {}},
           Case{"A: b\r\n\r\nc", {.open_end = true}},
           Case{"A: b\r\n\r\nc\n", {.bare_lf = true}},
           Case{"A: b\n\r\nc\r\n", {.bare_lf = true}},
           Case{std::string_view("A: b\r\n\r\nc\0\r\n", 12), {.bare_lf = true}},
           Case{"A: \xfc\r\n\r\n\xfc\r", {.open_end = true, .header_8bit = true}},
           Case{"A: b\r\n\r\n\xfc\r\n", {}},
           Case{"", {}},
       }) {
    for (const std::size_t step : {1UL, 2UL, 100UL}) {
      Analyzer analyzer;
      for (std::size_t at = 0; at < message.size(); at += step)
        analyzer.feed(message.substr(at, step));
      const std::string keys = make_digest(analyzer.finish()).keys;
      const auto form = KeysView(keys).form();
      ASSERT_TRUE(form);
      EXPECT_EQ(form->bare_lf, expected.bare_lf) << message;
      EXPECT_EQ(form->open_end, expected.open_end) << message;
      EXPECT_EQ(form->header_8bit, expected.header_8bit) << message;
    }
  }
}

TEST(Digest, OfABoundaryLineTheFormIsSeenToo) {
  const Made clean("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n");
  EXPECT_FALSE(clean.keys().form()->bare_lf);
  const Made bare("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\n\r\nx\r\n--b--\r\n");
  EXPECT_TRUE(bare.keys().form()->bare_lf);
}

TEST(Digest, AnOlderOneSaysNothingOfTheForm) {
  std::string keys = make_digest(analyze("A: b\n\nc")).keys;
  keys[1] = static_cast<char>(keys[1] & 7);
  EXPECT_TRUE(KeysView(keys).ok());
  EXPECT_FALSE(KeysView(keys).form());
}

TEST(Digest, AddedLinesCount) {
  std::string keys = make_digest(analyze("A: b\r\n\r\nc\r\n")).keys;
  mark_8bit_header(keys);
  EXPECT_TRUE(KeysView(keys).form()->header_8bit);
  std::string rubbish;
  mark_8bit_header(rubbish);
  EXPECT_EQ(rubbish, "");
}

TEST(Digest, Keys) {
  const Made m(std::string(kHeader) + "\r\nhi\r\n");
  const KeysView k = m.keys();
  ASSERT_TRUE(k.ok());
  EXPECT_TRUE(k.has_sent());
  EXPECT_EQ(k.sent(), (Timestamp{837595405, -420}));
  EXPECT_EQ(k.header_size(), kHeader.size() + 2);
  EXPECT_EQ(k.from(), text::fold("Terry Gray <gray@cac.washington.edu>"));
  EXPECT_EQ(k.cc(), text::fold("minutes@CNRI.Reston.VA.US, John Q Klensin <KLENSIN@MIT.EDU>"));
  EXPECT_EQ(k.bcc(), "");
  EXPECT_EQ(k.subject(), text::fold("Re: [imap] M\xC3\xBCnchen (fwd)"));
  EXPECT_EQ(k.base_subject(), text::fold("M\xC3\xBCnchen"));
  EXPECT_TRUE(k.is_reply_or_forward());
  EXPECT_EQ(k.sort_from(), "GRAY");
  EXPECT_EQ(k.sort_cc(), "MINUTES");
  EXPECT_EQ(k.display_from(), "TERRY GRAY");
  EXPECT_EQ(k.display_to(), "IMAP@CAC.WASHINGTON.EDU");
  EXPECT_EQ(k.message_id(), "B27397-0100000@cac.washington.edu");
  EXPECT_THAT(std::vector<std::string_view>(k.references().begin(), k.references().end()),
              ::testing::ElementsAre("a@b", "q@d"));
  EXPECT_FALSE(k.truncated());
}

TEST(Digest, LongFieldsAreMarkedTruncated) {
  std::string to = "To: ";
  for (int i = 0; i < 3000; ++i) to += "someone" + std::to_string(i) + "@example.org,\r\n ";
  const Made m(to + "last@x\r\nSubject: s\r\n\r\n");
  EXPECT_TRUE(m.keys().truncated());
  EXPECT_EQ(m.keys().to().size(), kMaxKeyField);
  EXPECT_EQ(m.keys().subject(), "S");
}

TEST(Digest, ReferencesFallBackAndStayBounded) {
  const Made reply("In-Reply-To: your mail of <Tue>, <x@y> <z@w>\n\n");
  EXPECT_THAT(std::vector<std::string_view>(reply.keys().references().begin(),
                                            reply.keys().references().end()),
              ::testing::ElementsAre("x@y"));
  std::string many = "References:";
  for (int i = 0; i < 2000; ++i) many += " <" + std::string(100, 'i') + std::to_string(i) + "@h>";
  const Made m(many + "\n\n");
  std::vector<std::string> ids(m.keys().references().begin(), m.keys().references().end());
  EXPECT_GT(ids.size(), 50U);
  EXPECT_LT(ids.size(), 100U);
  EXPECT_EQ(ids.front(), std::string(100, 'i') + "0@h");
  EXPECT_EQ(ids.back(), std::string(100, 'i') + "1999@h");
}

TEST(Digest, EmptyMessageHasTenNilFields) {
  const Made m("\r\n");
  EXPECT_EQ(m.structure().envelope(StringForm::ascii), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
  EXPECT_FALSE(m.keys().has_sent());
  EXPECT_EQ(m.structure().bodystructure(StringForm::ascii),
            "(\"TEXT\" \"PLAIN\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 0 0 NIL NIL NIL NIL)");
}

TEST(Digest, GroupsAndEmptyFields) {
  const Made m(
      "From:\r\nSubject:\r\nTo: Friends: a@b, \"C D\" <c@d>;, e@f\r\nCc: "
      "undisclosed-recipients:;\r\n"
      "Sender: s@t\r\n\r\n");
  EXPECT_EQ(
      m.structure().envelope(StringForm::ascii),
      "(NIL \"\" NIL ((NIL NIL \"s\" \"t\")) NIL "
      "((NIL NIL \"Friends\" NIL)(NIL NIL \"a\" \"b\")(\"C D\" NIL \"c\" \"d\")(NIL NIL NIL NIL)"
      "(NIL NIL \"e\" \"f\")) "
      "((NIL NIL \"undisclosed-recipients\" NIL)(NIL NIL NIL NIL)) NIL NIL NIL)");
}

// interop: raw UTF-8 never in ENVELOPE or BODYSTRUCTURE.
TEST(Digest, RawEightBitBecomesEncodedWords) {
  const Made m(
      "Subject: caf\xC3\xA9\r\nFrom: \"M\xFCller\" <m@x>\r\n"
      "Content-Type: text/plain; name=\"\xC3\xA9.txt\"\r\n\r\n");
  EXPECT_THAT(
      std::string(m.structure().envelope(StringForm::ascii)),
      ::testing::AllOf(::testing::HasSubstr("\"=?utf-8?b?Y2Fmw6k=?=\""),
                       ::testing::HasSubstr("(\"=?utf-8?q?M=C3=BCller?=\" NIL \"m\" \"x\")")));
  EXPECT_THAT(std::string(m.structure().bodystructure(StringForm::ascii)),
              ::testing::HasSubstr("(\"name\" \"=?utf-8?b?w6kudHh0?=\" \"charset\" \"us-ascii\")"));
  EXPECT_EQ(m.keys().subject(), text::fold("caf\xC3\xA9"));
  EXPECT_EQ(m.keys().display_from(), text::fold("M\xC3\xBCller"));
  for (const std::string_view text :
       {m.structure().envelope(StringForm::ascii), m.structure().body(StringForm::ascii),
        m.structure().bodystructure(StringForm::ascii)})
    EXPECT_TRUE(text::is_ascii(text)) << text;
}

// RFC 9755 §3, RFC 6532.
TEST(Digest, RawUtf8StaysInTheUtf8Form) {
  const Made m(
      "Subject: caf\xC3\xA9\r\nFrom: \"M\xFCller\" <m@x>\r\nTo: j\xC3\xBC@\xC3\xA9.example\r\n"
      "Content-Type: text/plain; name=\"\xC3\xA9.txt\"\r\n\r\n");
  EXPECT_EQ(m.structure().envelope(StringForm::utf8),
            "(NIL \"caf\xC3\xA9\" ((\"=?utf-8?q?M=C3=BCller?=\" NIL \"m\" \"x\")) "
            "((\"=?utf-8?q?M=C3=BCller?=\" NIL \"m\" \"x\")) "
            "((\"=?utf-8?q?M=C3=BCller?=\" NIL \"m\" \"x\")) "
            "((NIL NIL \"j\xC3\xBC\" \"\xC3\xA9.example\")) NIL NIL NIL NIL)");
  EXPECT_EQ(m.structure().body(StringForm::utf8),
            "(\"text\" \"plain\" (\"name\" \"\xC3\xA9.txt\" \"charset\" \"us-ascii\") NIL NIL "
            "\"7BIT\" 0 0)");
  EXPECT_EQ(m.structure().bodystructure(StringForm::utf8),
            "(\"text\" \"plain\" (\"name\" \"\xC3\xA9.txt\" \"charset\" \"us-ascii\") NIL NIL "
            "\"7BIT\" 0 0 NIL NIL NIL NIL)");
}

TEST(Digest, TheUtf8FormOfAnAsciiMessageTakesNoRoom) {
  const Made m("Subject: =?utf-8?q?caf=C3=A9?=\r\nFrom: \"M\xFCller\" <m@x>\r\n\r\n");
  const StructureView s = m.structure();
  EXPECT_EQ(s.envelope(StringForm::utf8).data(), s.envelope(StringForm::ascii).data());
  EXPECT_EQ(s.body(StringForm::utf8).data(), s.body(StringForm::ascii).data());
  EXPECT_EQ(s.bodystructure(StringForm::utf8).data(), s.bodystructure(StringForm::ascii).data());
  EXPECT_THAT(std::string(s.envelope(StringForm::utf8)),
              ::testing::HasSubstr("=?utf-8?q?caf=C3=A9?="));
}

TEST(Digest, QuotingAndLiterals) {
  const Made m("Subject: a \"b\" \\ c\r\nMessage-ID: " + std::string(1200, 'x') + "\r\n\r\n");
  EXPECT_THAT(std::string(m.structure().envelope(StringForm::ascii)),
              ::testing::HasSubstr("\"a \\\"b\\\" \\\\ c\""));
  EXPECT_THAT(std::string(m.structure().envelope(StringForm::ascii)),
              ::testing::HasSubstr(" {1200}\r\nxxx"));
}

constexpr std::string_view kTree =
    "Content-Type: multipart/mixed; boundary=o\r\n"
    "Content-Language: en, de\r\n\r\n"
    "--o\r\nContent-ID: <1@x>\r\nContent-Description: text\r\n\r\none\r\n"
    "--o\r\nContent-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n"
    "Subject: inner\r\nFrom: i@j\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
    "--i\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
    "base64\r\n\r\nPGI+\r\n"
    "--i--\r\n"
    "--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: single\r\n\r\nbody of single\r\n"
    "--o\r\nContent-Type: application/pdf; name=\"a b.pdf\"\r\nContent-MD5: abc\r\n"
    "Content-Disposition: attachment; filename*0=\"a \"; filename*1=\"b.pdf\"\r\n"
    "Content-Location: http://x/\r\n\r\n%PDF\r\n"
    "--o--\r\n";

TEST(Digest, Bodystructure) {
  const Made m(kTree);
  EXPECT_EQ(m.structure().bodystructure(StringForm::ascii),
            "((\"TEXT\" \"PLAIN\" (\"charset\" \"us-ascii\") \"<1@x>\" \"text\" \"7BIT\" 3 0 NIL "
            "NIL NIL NIL)"
            "(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 171 "
            "(NIL \"inner\" ((NIL NIL \"i\" \"j\")) ((NIL NIL \"i\" \"j\")) ((NIL NIL \"i\" "
            "\"j\")) NIL NIL NIL NIL NIL) "
            "((\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"base64\" 4 0 NIL NIL NIL NIL)"
            " \"alternative\" (\"boundary\" \"i\") NIL NIL NIL) 9 NIL (\"inline\" NIL) NIL NIL)"
            "(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 33 "
            "(NIL \"single\" NIL NIL NIL NIL NIL NIL NIL NIL) "
            "(\"TEXT\" \"PLAIN\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 14 0 NIL NIL NIL NIL) "
            "2 NIL NIL NIL NIL)"
            "(\"application\" \"pdf\" (\"name\" \"a b.pdf\") NIL NIL \"7BIT\" 4 \"abc\" "
            "(\"attachment\" (\"filename\" \"a b.pdf\")) NIL \"http://x/\")"
            " \"mixed\" (\"boundary\" \"o\") NIL (\"en\" \"de\") NIL)");
}

// interop: MailKit #1393, #1841.
TEST(Digest, ChildlessMultipart) {
  const Made m("Content-Type: multipart/alternative\r\n\r\n");
  EXPECT_EQ(
      m.structure().body(StringForm::ascii),
      "((\"TEXT\" \"PLAIN\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 0 0) \"alternative\")");
}

std::string section(const Made& m, std::string_view bytes, std::vector<std::uint32_t> path,
                    SectionKind kind = SectionKind::whole) {
  const auto range = find_section(m.structure(), path, kind);
  return range ? std::string(bytes.substr(range->begin, range->size())) : "(none)";
}

// RFC 9051 §6.4.5.1.
TEST(Section, Addressing) {
  using enum SectionKind;
  const Made m(kTree);
  const auto get = [&m](std::vector<std::uint32_t> path, SectionKind kind = whole) {
    return section(m, kTree, std::move(path), kind);
  };
  EXPECT_EQ(get({}), kTree);
  EXPECT_EQ(get({}, header) + get({}, text), kTree);
  EXPECT_TRUE(get({}, header).ends_with("en, de\r\n\r\n"));
  EXPECT_EQ(get({}, mime), "(none)");
  EXPECT_EQ(get({1}), "one");
  EXPECT_EQ(get({1}, mime), "Content-ID: <1@x>\r\nContent-Description: text\r\n\r\n");
  EXPECT_EQ(get({1}, header), "(none)");
  EXPECT_EQ(get({1}, text), "(none)");
  EXPECT_EQ(get({1, 1}), "(none)");
  EXPECT_TRUE(get({2}).starts_with("Subject: inner"));
  EXPECT_TRUE(get({2}, mime).starts_with("Content-Type: message/rfc822"));
  EXPECT_EQ(get({2}, header) + get({2}, text), get({2}));
  EXPECT_TRUE(get({2}, text).starts_with("--i\r\n"));
  EXPECT_EQ(get({2, 1}), "PGI+");
  EXPECT_EQ(get({2, 2}), "(none)");
  EXPECT_EQ(get({3, 1}), "body of single");
  EXPECT_EQ(get({3, 1}, mime), "Subject: single\r\n\r\n");
  EXPECT_EQ(get({3, 2}), "(none)");
  EXPECT_EQ(get({3, 1, 1}), "(none)");
  EXPECT_EQ(get({4}), "%PDF");
  EXPECT_EQ(get({5}), "(none)");
  EXPECT_EQ(get({0}), "(none)");
}

TEST(Section, SingleMessageHasPartOne) {
  const std::string bytes = "Subject: x\r\n\r\nbody";
  const Made m(bytes);
  EXPECT_EQ(section(m, bytes, {1}), "body");
  EXPECT_EQ(section(m, bytes, {1}, SectionKind::mime), "Subject: x\r\n\r\n");
  EXPECT_EQ(section(m, bytes, {2}), "(none)");
  EXPECT_EQ(section(m, bytes, {1, 1}), "(none)");
  const std::string outer = "Content-Type: message/rfc822\r\n\r\n" + bytes;
  const Made o(outer);
  EXPECT_EQ(section(o, outer, {1}), bytes);
  EXPECT_EQ(section(o, outer, {1, 1}), "body");
  EXPECT_EQ(section(o, outer, {1}, SectionKind::text), "body");
}

TEST(Views, PartsInOrder) {
  const Made m(kTree);
  const StructureView s = m.structure();
  ASSERT_EQ(s.part_count(), 8U);
  EXPECT_TRUE(s.part(0)->is_multipart);
  EXPECT_TRUE(s.part(2)->is_message);
  EXPECT_EQ(s.part(4)->subtype, "html");
  EXPECT_EQ(s.part(4)->encoding, "base64");
  EXPECT_EQ(s.part(4)->charset, "utf-8");
  EXPECT_EQ(s.part(1)->charset, "us-ascii");
  EXPECT_FALSE(s.part(8).has_value());
}

TEST(Views, DamageIsRefusedOrHarmless) {
  const Made m(kTree);
  for (std::size_t i = 0; i < m.digest.structure.size(); ++i) {
    EXPECT_FALSE(StructureView(std::string_view(m.digest.structure).substr(0, i)).ok());
    std::string damaged = m.digest.structure;
    damaged[i] = static_cast<char>(damaged[i] ^ 0xFF);
    const StructureView s(damaged);
    for (std::size_t p = 0; p <= s.part_count(); ++p) (void)s.part(p);
    const std::uint32_t path[] = {3, 1};
    (void)find_section(s, path, SectionKind::text);
  }
  for (std::size_t i = 0; i < m.digest.keys.size(); ++i)
    EXPECT_FALSE(KeysView(std::string_view(m.digest.keys).substr(0, i)).ok());
  std::string other = m.digest.keys;
  other[0] = static_cast<char>(kKeysVersion + 1);
  EXPECT_FALSE(KeysView(other).ok());
  EXPECT_EQ(KeysView(other).size(), 0U);
  EXPECT_TRUE(KeysView(other).references().empty());
}

}  // namespace
}  // namespace posthorn::message
