#include "wire/imap/response/response_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/imap/response/format_fetch.h"
#include "wire/imap/response/response.h"
#include "wire/imap/response/response_data.h"

namespace posthorn::wire::imap {
namespace {

using testing::ElementsAre;

std::vector<std::string> cut(std::string_view input, std::size_t step, std::size_t limit = 1000) {
  ResponseReceiver receiver(limit);
  std::string buffer;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < input.size(); at += step) {
    buffer += input.substr(at, step);
    for (;;) {
      const ResponseReceiver::Event e = receiver.next(buffer);
      if (e.kind == ResponseReceiver::Event::Kind::need_more) break;
      out.emplace_back(e.kind == ResponseReceiver::Event::Kind::too_long ? "too long" : e.text);
      if (e.kind == ResponseReceiver::Event::Kind::too_long) return out;
      buffer.erase(0, e.consumed);
    }
  }
  return out;
}

// Prints tokens as an expression.
std::string show(TokenList list) {
  std::string out;
  for (auto it = list.begin(); it != list.end(); ++it) {
    if (!out.empty()) out += ' ';
    switch (it->kind) {
      case Token::Kind::list: out += "(" + show(it.children()) + ")"; break;
      case Token::Kind::nil: out += "nil"; break;
      case Token::Kind::number: out += fmt::format("#{}", it->number); break;
      case Token::Kind::string: out += fmt::format("'{}'", it->text); break;
      case Token::Kind::atom: out += it->text; break;
    }
  }
  return out;
}

std::string tokens(std::string_view text) {
  Response response;
  const Status status = response.parse(text);
  return status ? show(response.tokens()) : "error: " + status.error().text;
}

TEST(ResponseReceiver, CutsResponsesWithLiterals) {
  const std::string_view input =
      "* OK ready {5}\r\n* 1 FETCH (BODY[] {7}\r\na\r\nb\r\nc FLAGS ())\r\n+ go {3}\r\na1 OK x\n";
  for (const std::size_t step : {1U, 2U, 5U, 1000U})
    EXPECT_THAT(cut(input, step),
                ElementsAre("* OK ready {5}", "* 1 FETCH (BODY[] {7}\r\na\r\nb\r\nc FLAGS ())",
                            "+ go {3}", "a1 OK x"));
}

TEST(ResponseReceiver, IsBounded) {
  EXPECT_THAT(cut(std::string(50, 'x'), 1, 20), ElementsAre("too long"));
  EXPECT_THAT(cut("* 1 FETCH (BODY[] {30}\r\n", 100, 40), ElementsAre("too long"));
  EXPECT_THAT(cut("* 1 FETCH (BODY[] {99999999999999999999}\r\n", 100), ElementsAre("too long"));
}

TEST(Response, Tokens) {
  EXPECT_EQ(tokens("* CAPABILITY IMAP4rev2 AUTH=PLAIN"), "IMAP4rev2 AUTH=PLAIN");
  EXPECT_EQ(tokens("* LIST (\\Noselect) \"/\" \"a \\\"b\\\\\""), "(\\Noselect) '/' 'a \"b\\'");
  EXPECT_EQ(tokens("* LIST () NIL {3}\r\na\"b"), "() nil 'a\"b'");
  EXPECT_EQ(tokens("* X ((a)(b (c 1)) \"\") 07 1a"), "((a) (b (c #1)) '') #7 1a");
  EXPECT_EQ(tokens("* 1 FETCH (BODY[HEADER.FIELDS (FROM \"x]\")]<0> {2}\r\nab UID 5)"),
            "(BODY[HEADER.FIELDS (FROM \"x]\")]<0> 'ab' UID #5)");
  EXPECT_EQ(tokens("* 1 FETCH (BINARY[1] ~{2}\r\na)"),
            "error: a list in the response is not closed");
  EXPECT_EQ(tokens("* THREAD (2)(3 6 (4 23)(44 7 96))"), "(#2) (#3 #6 (#4 #23) (#44 #7 #96))");
  EXPECT_EQ(tokens("* FLAGS (a[b c]d \\*)"), "(a[b c]d \\*)");
}

TEST(Response, Refuses) {
  for (const std::string_view text :
       {"", "*", "* ", "* LIST (", "* LIST )", "* LIST \"x", "* LIST \"x\\", "* X {5}\r\nabc",
        "* X {a}", "* 1 FETCH (BODY[ {1}\r\nx)", "a1 FETCH x", "* OK [UIDNEXT 1",
        "* 99999999999 EXISTS", "* 1", "* X BODY[\"a", "* X {3}"}) {
    Response response;
    EXPECT_FALSE(response.parse(text)) << text;
  }
}

TEST(Response, DeepListsAreNoRecursion) {
  Response response;
  const std::string open(100000, '(');
  const std::string close(100000, ')');
  ASSERT_TRUE(response.parse("* THREAD " + open + "1" + close));
  EXPECT_FALSE(response.parse("* THREAD " + open));
}

TEST(Response, Status) {
  Response r;
  ASSERT_TRUE(r.parse("a1 NO [TRYCREATE] no such mailbox"));
  EXPECT_EQ(r.kind(), Response::Kind::tagged);
  EXPECT_EQ(r.tag(), "a1");
  EXPECT_TRUE(r.is("no") && r.is_status());
  EXPECT_EQ(r.code(), "TRYCREATE");
  EXPECT_EQ(r.text(), "no such mailbox");
  ASSERT_TRUE(r.parse("* ok [UIDNEXT 4392] Predicted"));
  EXPECT_EQ(code_number(r, "uidnext"), 4392U);
  EXPECT_EQ(code_number(r, "UIDVALIDITY"), std::nullopt);
  ASSERT_TRUE(r.parse("* OK [PERMANENTFLAGS (\\Seen \\*)] x"));
  EXPECT_EQ(show(r.tokens()), "PERMANENTFLAGS (\\Seen \\*)");
  ASSERT_TRUE(r.parse("* BYE"));
  EXPECT_EQ(r.text(), "");
  EXPECT_EQ(r.code(), "");
  ASSERT_TRUE(r.parse("+ "));
  EXPECT_EQ(r.kind(), Response::Kind::continuation);
  ASSERT_TRUE(r.parse("+ abc="));
  EXPECT_EQ(r.text(), "abc=");
}

TEST(ResponseData, Fetch) {
  Response r;
  ASSERT_TRUE(
      r.parse("* 23 FETCH (FLAGS (\\Seen \\Recent $x) UID 5 MODSEQ (99) RFC822.SIZE 44827 "
              "INTERNALDATE \"x\" BODY[TEXT]<0> {2}\r\nab BODY[1] NIL ENVELOPE (1 2))"));
  const auto data = parse_fetch_data(r);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->seqnum, 23U);
  EXPECT_EQ(data->uid, Uid(5));
  EXPECT_EQ(data->flags->system, bit(SystemFlag::seen));
  EXPECT_THAT(data->flags->keywords, ElementsAre("$x"));
  EXPECT_EQ(data->modseq, ModSeq(99));
  EXPECT_EQ(data->size, 44827U);
  EXPECT_EQ(data->item("body[text]<0>"), "ab");
  EXPECT_EQ(data->item("BODY[1]"), std::nullopt);
  ASSERT_TRUE(r.parse("* 23 FETCH (UID)"));
  EXPECT_FALSE(parse_fetch_data(r));
  ASSERT_TRUE(r.parse("* 23 EXISTS"));
  EXPECT_FALSE(parse_fetch_data(r));
}

TEST(ResponseData, ListAndStatus) {
  Response r;
  ASSERT_TRUE(r.parse("* LIST (\\HasNoChildren) \"/\" Entw&APw-rfe"));
  const auto list = parse_list_data(r);
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->has("\\hasnochildren"));
  EXPECT_EQ(list->delimiter, '/');
  EXPECT_EQ(list->mailbox, "Entwürfe");
  ASSERT_TRUE(r.parse("* LIST () NIL \"R&D\""));
  EXPECT_EQ(parse_list_data(r, true)->mailbox, "R&D");
  EXPECT_EQ(parse_list_data(r)->delimiter, 0);
  ASSERT_TRUE(r.parse("* LIST ()"));
  EXPECT_FALSE(parse_list_data(r));

  ASSERT_TRUE(r.parse("* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292 MAILBOXID (x))"));
  const auto status = parse_status_data(r);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->value("messages"), 231U);
  EXPECT_EQ(status->value("UNSEEN"), std::nullopt);
}

TEST(ResponseData, SearchAndEsearch) {
  Response r;
  ASSERT_TRUE(r.parse("* SEARCH 2 5 6 (MODSEQ 917162500)"));
  const auto search = parse_search_data(r);
  ASSERT_TRUE(search);
  EXPECT_THAT(search->numbers, ElementsAre(2, 5, 6));
  EXPECT_EQ(search->modseq, ModSeq(917162500));
  ASSERT_TRUE(r.parse("* ESEARCH (TAG \"a1\") UID MIN 1 MAX 9 COUNT 3 ALL 1:2,9 MODSEQ 7"));
  const auto esearch = parse_esearch_data(r);
  ASSERT_TRUE(esearch);
  EXPECT_EQ(esearch->tag, "a1");
  EXPECT_TRUE(esearch->uid);
  EXPECT_EQ(esearch->max, 9U);
  EXPECT_EQ(esearch->all.to_text(), "1:2,9");
  EXPECT_EQ(esearch->modseq, ModSeq(7));
  ASSERT_TRUE(r.parse("* VANISHED (EARLIER) 41,43:116"));
  EXPECT_TRUE(parse_vanished_data(r)->earlier);
  EXPECT_EQ(parse_vanished_data(r)->uids.to_text(), "41,43:116");
}

TEST(ResponseData, UidCodes) {
  Response r;
  ASSERT_TRUE(r.parse("a OK [COPYUID 38505 304,319:320 3956:3958] Done"));
  auto code = code_uids(r);
  ASSERT_TRUE(code);
  EXPECT_EQ(code->from.to_text(), "304,319:320");
  EXPECT_EQ(code->to.to_text(), "3956:3958");
  ASSERT_TRUE(r.parse("a OK [APPENDUID 38505 3955] Done"));
  code = code_uids(r);
  ASSERT_TRUE(code);
  EXPECT_EQ(code->uid_validity, UidValidity(38505));
  EXPECT_EQ(code->to.to_text(), "3955");
  ASSERT_TRUE(r.parse("a OK [COPYUID 38505 1] Done"));
  EXPECT_FALSE(code_uids(r));
}

TEST(Response, ReadsWhatTheWriterWrites) {
  std::string out;
  Writer w(out);
  FetchWriter fetch(w);
  fetch.begin(Seqnum(7));
  fetch.uid(Uid(9));
  fetch.preview("a \"quote\" and \r\n");
  fetch.flags(bit(SystemFlag::draft), Recent::yes, std::vector<std::string>{"k"});
  FetchItem item{.kind = FetchItem::Kind::body_section};
  item.section = {.part = {1}, .text = Section::Text::header_fields, .fields = {"a]b", "ü"}};
  fetch.content(item, "x");
  fetch.end();
  const auto cut_up = cut(out, 1);
  ASSERT_EQ(cut_up.size(), 1U);
  Response r;
  ASSERT_TRUE(r.parse(cut_up[0])) << cut_up[0];
  const auto data = parse_fetch_data(r);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->item("PREVIEW"), "a \"quote\" and \r\n");
  EXPECT_EQ(data->flags->system, bit(SystemFlag::draft));
  ASSERT_EQ(data->items.size(), 2U);
  EXPECT_EQ(data->items[1].second, "x");
}

}  // namespace
}  // namespace posthorn::wire::imap
