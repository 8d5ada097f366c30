#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/imap/command/command.h"

namespace posthorn::wire::imap {
namespace {

using Kind = AppendItem::Kind;
using Place = AppendText::Place;
using ::testing::ElementsAre;

/// The text of the first append_literal event.
Result<AppendCommand> parse_append(std::string_view text) {
  auto command = parse_command(text);
  if (!command) return std::unexpected(command.error());
  return std::get<AppendCommand>(std::move(command->body));
}

/// The items in short: "message url:/x octets:5 end".
std::string show(const AppendText& text) {
  std::string out;
  for (const AppendItem& item : text.items) {
    if (!out.empty()) out += ' ';
    switch (item.kind) {
      case Kind::message: out += item.message.catenated ? "parts" : "message"; break;
      case Kind::octets: out += fmt::format("octets:{}", item.literal.size); break;
      case Kind::url: out += "url:" + item.url; break;
      case Kind::url_literal: out += fmt::format("url_literal:{}", item.literal.size); break;
      case Kind::end: out += "end"; break;
    }
  }
  if (text.ended) out += " .";
  return out;
}

std::string next(std::string_view text, Place place) {
  const auto parsed = parse_append_next(text, place);
  return parsed ? show(*parsed) : "error";
}

TEST(ParseReplace, OneNumberAndOneMessage) {
  auto command = parse_command("A003 REPLACE 4 Drafts (\\Seen \\Draft) {312}");
  ASSERT_TRUE(command) << command.error().text;
  const auto& replace = std::get<ReplaceCommand>(command->body);
  EXPECT_EQ(replace.replaced.resolve(9), NumberSet::from_ranges({{4, 4}}));
  EXPECT_EQ(replace.mailbox, "Drafts");
  EXPECT_EQ(show(replace.first), "message octets:312");
  command = parse_command("a uid replace * {1}\r\nx ~{5+}");
  ASSERT_TRUE(command) << command.error().text;
  EXPECT_EQ(name_of(command->body), "UID REPLACE");
  EXPECT_EQ(std::get<ReplaceCommand>(command->body).replaced.resolve(9),
            NumberSet::from_ranges({{9, 9}}));
  for (const char* text : {"a REPLACE 4:5 x {3}", "a REPLACE 4,5 x {3}", "a REPLACE $ x {3}",
                           "a REPLACE 0 x {3}", "a REPLACE 4 x", "a REPLACE 4 {3}", "a REPLACE"})
    EXPECT_FALSE(parse_command(text)) << text;
}

TEST(ParseAppend, FirstMessage) {
  auto c = parse_append("A003 APPEND saved-messages (\\Seen) {326}");
  ASSERT_TRUE(c) << c.error().text;
  EXPECT_EQ(c->mailbox, "saved-messages");
  EXPECT_EQ(show(c->first), "message octets:326");
  EXPECT_EQ(c->first.items[0].message.flags.system, bit(SystemFlag::seen));
  EXPECT_EQ(c->first.items[1].literal.sync, LiteralSync::synchronising);
  c = parse_append("a append {5}\r\nINBOX \" 7-Feb-1994 21:52:25 -0800\" ~{100000+}");
  ASSERT_TRUE(c) << c.error().text;
  EXPECT_EQ(c->mailbox, "INBOX");
  EXPECT_EQ(c->first.items[0].message.date_seconds, 760686745);
  EXPECT_EQ(c->first.items[0].message.date_zone_minutes, -480);
  EXPECT_EQ(c->first.items[1].literal.form, LiteralForm::binary);
  EXPECT_EQ(c->first.items[1].literal.sync, LiteralSync::non_synchronising);
  EXPECT_TRUE(parse_append("a APPEND x {70000}"));
}

TEST(ParseAppend, FurtherMessages) {
  EXPECT_EQ(next("", Place::in_message), "end .");
  EXPECT_EQ(next("  ", Place::in_message), "end .");
  EXPECT_EQ(next(" (\\Seen) {3}", Place::in_message), "end message octets:3");
  EXPECT_EQ(next("(\\Seen) {3}", Place::in_message), "error");
  EXPECT_EQ(next(" CATENATE (URL /x)", Place::in_message), "end parts url:/x end .");
  EXPECT_EQ(next(" x", Place::in_message), "error");
}

TEST(ParseAppend, WrappedAsThunderbirdDoes) {
  const auto c = parse_append("a APPEND x (\\Draft) UTF8 (~{3}");
  ASSERT_TRUE(c) << c.error().text;
  EXPECT_TRUE(c->first.items[0].message.utf8_wrapped);
  EXPECT_EQ(c->first.place, Place::in_utf8_message);
  EXPECT_EQ(next(")", c->first.place), "end .");
  EXPECT_EQ(next("", c->first.place), "error");
  EXPECT_EQ(next(") (x) {3}", c->first.place), "end message octets:3");
  EXPECT_EQ(next(")(x) {3}", c->first.place), "error");
  EXPECT_EQ(next(")", Place::in_message), "error");
}

TEST(ParseAppend, PartsOfAMessage) {
  auto c = parse_append("a APPEND Drafts (\\Seen) CATENATE (URL \"/a b\" TEXT {42}");
  ASSERT_TRUE(c) << c.error().text;
  EXPECT_EQ(show(c->first), "parts url:/a b octets:42");
  EXPECT_EQ(c->first.place, Place::in_parts);
  EXPECT_EQ(next(" URL /x URL {20+}", Place::in_parts), "url:/x url_literal:20");
  EXPECT_EQ(next(" TEXT ~{5+}", Place::in_parts), "octets:5");
  EXPECT_EQ(next(")", Place::in_parts), "end .");
  EXPECT_EQ(next(" )  ", Place::in_parts), "end .");
  EXPECT_EQ(next(") {7}", Place::in_parts), "end message octets:7");
  EXPECT_EQ(next(") CATENATE (URL /y TEXT {7}", Place::in_parts), "end parts url:/y octets:7");
  for (const char* text : {"", " TEXT x", " TEXT \"x\"", " URL", " FOO /x", " URL /x", "){3}",
                           ") x", " URL /xTEXT {3}"})
    EXPECT_EQ(next(text, Place::in_parts), "error") << text;
  c = parse_append("a append x catenate (url /x url /y)");
  ASSERT_TRUE(c) << c.error().text;
  EXPECT_EQ(show(c->first), "parts url:/x url:/y end .");
  for (const char* text :
       {"a APPEND x CATENATE ()", "a APPEND x CATENATE (", "a APPEND x CATENATE",
        "a APPEND x CATENATE (TEXT)", "a APPEND x CATENATE (URL /x", "a APPEND x"})
    EXPECT_FALSE(parse_append(text)) << text;
}

TEST(ParseAppend, TakesMoreSpacesThanTheGrammarHas) {
  const auto c =
      parse_append("a  APPEND   x  ( \\Seen  y )  \" 7-Feb-1994 21:52:25 -0800\"  UTF8  (  ~{3}");
  ASSERT_TRUE(c) << c.error().text;
  EXPECT_EQ(c->mailbox, "x");
  EXPECT_EQ(c->first.items[0].message.flags.system, bit(SystemFlag::seen));
  EXPECT_EQ(c->first.items[0].message.date_seconds, 760686745);
  EXPECT_TRUE(c->first.items[0].message.utf8_wrapped);
  EXPECT_EQ(next(" ) ", c->first.place), "end .");
  EXPECT_EQ(next(" )  (x)  {3}", c->first.place), "end message octets:3");
  // Inside a quoted string a space is one space.
  EXPECT_FALSE(parse_append("a APPEND x \" 7-Feb-1994  21:52:25 -0800\" {3}"));
  EXPECT_FALSE(parse_append("a APPEND x \"17-Feb-1994 21:52:25 -0800 \" {3}"));
}

TEST(ParseAppend, Refuses) {
  for (const std::string_view text :
       {"a APPEND", "a APPEND x", "a APPEND x {3}x", "a APPEND x (\\Seen {3}", "a UID APPEND x {3}",
        "a APPEND x \"7-Feb-1994\" {3}", "a APPEND x y {3}", "APPEND x {3}", "a APPEND x(){3}"})
    EXPECT_EQ(parse_append(text).error().kind, ErrorKind::syntax) << text;
  EXPECT_EQ(parse_append("a APPEND x \"31-Feb-1994 00:00:00 +0000\" {3}").error().kind,
            ErrorKind::bad_argument);
  EXPECT_EQ(parse_append("a APPEND x \"01-Feb-1994 24:00:00 +0000\" {3}").error().kind,
            ErrorKind::bad_argument);
  EXPECT_EQ(parse_append("a APPEND x {99999999999999999999}").error().kind, ErrorKind::too_big);
}

}  // namespace
}  // namespace posthorn::wire::imap
