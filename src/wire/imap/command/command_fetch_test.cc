#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/imap/command/command.h"

namespace posthorn::wire::imap {
namespace {

using Kind = FetchItem::Kind;
using Text = Section::Text;
using testing::ElementsAre;

FetchCommand fetch(std::string_view arguments, std::string_view name = "FETCH") {
  auto command = parse_command(fmt::format("a {} {}", name, arguments));
  if (!command) {
    ADD_FAILURE() << arguments << ": " << command.error().text;
    return {};
  }
  return std::get<FetchCommand>(std::move(command->body));
}

std::vector<Kind> kinds(const FetchCommand& command) {
  std::vector<Kind> out;
  for (const FetchItem& item : command.items) out.push_back(item.kind);
  return out;
}

FetchItem item(std::string_view text) {
  FetchCommand command = fetch(fmt::format("1 {}", text));
  EXPECT_EQ(command.items.size(), 1U);
  return command.items.empty() ? FetchItem{} : command.items[0];
}

TEST(ParseFetch, Macros) {
  EXPECT_THAT(kinds(fetch("1 FAST")),
              ElementsAre(Kind::flags, Kind::internal_date, Kind::rfc822_size));
  EXPECT_THAT(kinds(fetch("1 all")),
              ElementsAre(Kind::flags, Kind::internal_date, Kind::rfc822_size, Kind::envelope));
  EXPECT_EQ(kinds(fetch("1 FULL")).back(), Kind::body);
}

TEST(ParseFetch, EveryPlainItem) {
  EXPECT_THAT(
      kinds(fetch("1:* (ENVELOPE FLAGS INTERNALDATE RFC822 RFC822.HEADER RFC822.SIZE RFC822.TEXT "
                  "BODY BODYSTRUCTURE UID MODSEQ SAVEDATE PREVIEW EMAILID THREADID)")),
      ElementsAre(Kind::envelope, Kind::flags, Kind::internal_date, Kind::rfc822,
                  Kind::rfc822_header, Kind::rfc822_size, Kind::rfc822_text, Kind::body,
                  Kind::body_structure, Kind::uid, Kind::modseq, Kind::save_date, Kind::preview,
                  Kind::email_id, Kind::thread_id));
  EXPECT_FALSE(item("RFC822").peek);
  EXPECT_FALSE(item("RFC822.TEXT").peek);
  EXPECT_TRUE(item("RFC822.HEADER").peek);
  EXPECT_TRUE(item("(PREVIEW (LAZY))").lazy);
  EXPECT_TRUE(item("PREVIEW (LAZY)").lazy);
  EXPECT_FALSE(item("PREVIEW").lazy);
}

TEST(ParseFetch, Sections) {
  EXPECT_EQ(item("BODY[]").section, Section{});
  EXPECT_FALSE(item("BODY[]").peek);
  EXPECT_TRUE(item("BODY.PEEK[]").peek);
  EXPECT_EQ(item("BODY[HEADER]").section.text, Text::header);
  EXPECT_EQ(item("body[text]").section.text, Text::text);
  EXPECT_EQ(item("BODY[4.2.2.1]").section, (Section{.part = {4, 2, 2, 1}, .fields = {}}));
  EXPECT_EQ(item("BODY[4.1.MIME]").section,
            (Section{.part = {4, 1}, .text = Text::mime, .fields = {}}));
  EXPECT_EQ(item("BODY[3.HEADER]").section.text, Text::header);
  EXPECT_THAT(item("BODY[HEADER.FIELDS (DATE \"From\" {2}\r\nTo)]").section.fields,
              ElementsAre("DATE", "From", "To"));
  EXPECT_EQ(item("BODY[2.HEADER.FIELDS.NOT (X)]").section.text, Text::header_fields_not);
  EXPECT_EQ(item("BODY[]<0.2048>").partial, (Partial{0, 2048}));
  EXPECT_EQ(item("BODY[1]<9223372036854775807.1>").partial->offset, 9223372036854775807U);
}

TEST(ParseFetch, Binary) {
  EXPECT_EQ(item("BINARY[1.2]").section.part, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_FALSE(item("BINARY[1]").peek);
  EXPECT_TRUE(item("BINARY.PEEK[]<1.2>").peek);
  EXPECT_EQ(item("BINARY.SIZE[1]").kind, Kind::binary_size);
}

TEST(ParseFetch, AnItemIsAnsweredOnce) {
  const FetchCommand command = fetch("1 (FLAGS BODY.PEEK[] UID FLAGS BODY[] BODY[]<0.1>)");
  EXPECT_THAT(kinds(command),
              ElementsAre(Kind::flags, Kind::body_section, Kind::uid, Kind::body_section));
  EXPECT_FALSE(command.items[1].peek);
}

TEST(ParseFetch, Modifiers) {
  FetchCommand c = fetch("1:* (FLAGS) (CHANGEDSINCE 12345 VANISHED)", "UID FETCH");
  EXPECT_EQ(c.numbering, Numbering::uid);
  EXPECT_EQ(c.changed_since, ModSeq{12345});
  EXPECT_TRUE(c.vanished);
  // Apple Mail.
  EXPECT_EQ(fetch("1:* (FLAGS) (CHANGEDSINCE 0)").changed_since, ModSeq{0});
  EXPECT_EQ(fetch("1:* FLAGS (PARTIAL -1:-30)", "UID FETCH").partial,
            (PartialRange{PartialRange::From::newest, 1, 30}));
  EXPECT_EQ(fetch("1:* FLAGS (PARTIAL 500:400)", "UID FETCH").partial,
            (PartialRange{PartialRange::From::oldest, 400, 500}));
}

TEST(ParseFetch, RefusesWhatTheGrammarDoesNotHave) {
  for (const std::string_view text : {"1",
                                      "1 ",
                                      "1 ()",
                                      "FLAGS",
                                      "1 (ALL)",
                                      "1 FOO",
                                      "1 (FLAGS",
                                      "1 FLAGS UID",
                                      "1 BODY[",
                                      "1 BODY[0]",
                                      "1 BODY[MIME]",
                                      "1 BODY[1.]",
                                      "1 BODY[1.2.FOO]",
                                      "1 BODY[.1]",
                                      "1 BODY[HEADER.FIELDS]",
                                      "1 BODY[HEADER.FIELDS ()]",
                                      "1 BODY[]<0.0>",
                                      "1 BODY[]<1>",
                                      "1 BODY[]<1.2",
                                      "1 BODY[]<-1.2>",
                                      "1 BINARY",
                                      "1 BINARY[TEXT]",
                                      "1 BINARY.SIZE[1]<0.1>",
                                      "1 FLAGS[]",
                                      "1 UID FLAGS",
                                      "1 PREVIEW ()",
                                      "1 FLAGS ()",
                                      "1 FLAGS (CHANGEDSINCE)",
                                      "1 FLAGS (CHANGEDSINCE 9223372036854775808)",
                                      "1 BODY[TEXT",
                                      "1 BODY []",
                                      "1 FLAGS (PARTIAL 1:-2)",
                                      "1 FLAGS (PARTIAL 0:1)"}) {
    const auto command = parse_command(fmt::format("a FETCH {}", text));
    ASSERT_FALSE(command) << text;
    EXPECT_EQ(command.error().kind, ErrorKind::syntax) << text;
  }
}

TEST(ParseFetch, VanishedHasConditions) {
  for (const std::string_view text :
       {"a FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)", "a UID FETCH 1 FLAGS (VANISHED)",
        "a FETCH 1 FLAGS (PARTIAL 1:2)"})
    EXPECT_EQ(parse_command(text).error().kind, ErrorKind::bad_argument) << text;
}

}  // namespace
}  // namespace posthorn::wire::imap
