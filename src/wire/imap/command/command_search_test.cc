#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/imap/command/command.h"

namespace posthorn::wire::imap {
namespace {

using message::SearchKey;
using Kind = SearchKey::Kind;
using testing::ElementsAre;

// A key as an expression, to compare trees in one line.
std::string show(const SearchKey& k) {
  const auto children = [&] {
    std::string out;
    for (const SearchKey& child : k.children) out += (out.empty() ? "" : " ") + show(child);
    return out;
  };
  const auto date = fmt::format("{}-{}-{}", k.date.year, k.date.month, k.date.day);
  switch (k.kind) {
    case Kind::all: return "all";
    case Kind::conjunction: return "(and " + children() + ")";
    case Kind::disjunction: return "(or " + children() + ")";
    case Kind::negation: return "(not " + children() + ")";
    case Kind::flag_set: return fmt::format("flag{}", bit(k.flag));
    case Kind::keyword: return "keyword:" + k.text;
    case Kind::recent: return "recent";
    case Kind::sequence: return fmt::format("seq{}", k.set.ranges.size());
    case Kind::uid: return k.set.saved_result ? "uid$" : fmt::format("uid{}", k.set.ranges.size());
    case Kind::from: return "from:" + k.text;
    case Kind::to: return "to:" + k.text;
    case Kind::cc: return "cc:" + k.text;
    case Kind::bcc: return "bcc:" + k.text;
    case Kind::subject: return "subject:" + k.text;
    case Kind::header: return "header:" + k.field + ":" + k.text;
    case Kind::body: return "body:" + k.text;
    case Kind::text: return "text:" + k.text;
    case Kind::larger: return fmt::format("larger:{}", k.number);
    case Kind::smaller: return fmt::format("smaller:{}", k.number);
    case Kind::internal_before: return "before:" + date;
    case Kind::internal_on: return "on:" + date;
    case Kind::internal_since: return "since:" + date;
    case Kind::sent_before: return "sentbefore:" + date;
    case Kind::sent_on: return "senton:" + date;
    case Kind::sent_since: return "sentsince:" + date;
    case Kind::saved_before: return "savedbefore:" + date;
    case Kind::saved_on: return "savedon:" + date;
    case Kind::saved_since: return "savedsince:" + date;
    case Kind::older: return fmt::format("older:{}", k.number);
    case Kind::younger: return fmt::format("younger:{}", k.number);
    case Kind::modseq: return fmt::format("modseq:{}", k.number);
    case Kind::save_date_supported: return "savedatesupported";
    case Kind::email_id: return "emailid:" + k.text;
    case Kind::thread_id: return "threadid:" + k.text;
    default: return "?";
  }
}

SearchCommand search(std::string_view arguments, const ParseOptions& options = {}) {
  auto command = parse_command(fmt::format("a SEARCH {}", arguments), options);
  if (!command) {
    ADD_FAILURE() << arguments << ": " << command.error().text;
    return {};
  }
  return std::get<SearchCommand>(std::move(command->body));
}

ErrorKind error_of(std::string_view text, const ParseOptions& options = {}) {
  const auto command = parse_command(text, options);
  EXPECT_FALSE(command) << text;
  return command ? ErrorKind::server_bug : command.error().kind;
}

TEST(ParseSearch, EveryKey) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"ALL", "all"},
      {"answered", "flag2"},
      {"DELETED", "flag8"},
      {"DRAFT", "flag16"},
      {"FLAGGED", "flag4"},
      {"SEEN", "flag1"},
      {"UNANSWERED", "(not flag2)"},
      {"UNDELETED", "(not flag8)"},
      {"UNDRAFT", "(not flag16)"},
      {"UNFLAGGED", "(not flag4)"},
      {"UNSEEN", "(not flag1)"},
      {"RECENT", "recent"},
      {"OLD", "(not recent)"},
      {"NEW", "(and recent (not flag1))"},
      {"KEYWORD $Junk", "keyword:$Junk"},
      {"UNKEYWORD x", "(not keyword:x)"},
      {"FROM \"Smith\"", "from:Smith"},
      {"TO x", "to:x"},
      {"CC x", "cc:x"},
      {"BCC x", "bcc:x"},
      {"SUBJECT \"\"", "subject:"},
      {"BODY {3}\r\na b", "body:a b"},
      {"TEXT x", "text:x"},
      {"HEADER Message-ID <a@b>", "header:Message-ID:<a@b>"},
      {"LARGER 4294967296", "larger:4294967296"},
      {"SMALLER 0", "smaller:0"},
      {"BEFORE 1-Feb-1994", "before:1994-2-1"},
      {"ON \"01-feb-1994\"", "on:1994-2-1"},
      {"SINCE 29-Feb-2000", "since:2000-2-29"},
      {"SENTBEFORE 1-Feb-1994", "sentbefore:1994-2-1"},
      {"SENTON 1-Feb-1994", "senton:1994-2-1"},
      {"SENTSINCE 1-Feb-1994", "sentsince:1994-2-1"},
      {"SAVEDBEFORE 1-Feb-1994", "savedbefore:1994-2-1"},
      {"SAVEDON 1-Feb-1994", "savedon:1994-2-1"},
      {"SAVEDSINCE 1-Feb-1994", "savedsince:1994-2-1"},
      {"SAVEDATESUPPORTED", "savedatesupported"},
      {"EMAILID M_6-x", "emailid:M_6-x"},
      {"threadid T1", "threadid:T1"},
      {"OLDER 60", "older:60"},
      {"YOUNGER 60", "younger:60"},
      {"MODSEQ 620162338", "modseq:620162338"},
      {"MODSEQ \"/flags/\\\\draft\" all 620162338", "modseq:620162338"},
      {"UID 1:3,5", "uid2"},
      {"UID $", "uid$"},
      {"1:5", "seq1"},
      {"*", "seq1"},
      {"$", "seq0"},
      {"NOT SEEN", "(not flag1)"},
      {"NOT UNSEEN", "(not (not flag1))"},
      {"OR SEEN NOT TO x", "(or flag1 (not to:x))"},
      {"SEEN DRAFT", "(and flag1 flag16)"},
      {"(SEEN)", "(and flag1)"},
      {"OR (SEEN DRAFT) (TO x)", "(or (and flag1 flag16) (and to:x))"},
  };
  for (const auto& [text, expected] : table) EXPECT_EQ(show(search(text).key), expected) << text;
}

TEST(ParseSearch, ReturnOptions) {
  EXPECT_FALSE(search("ALL").returns);
  auto r = search("RETURN (MIN MAX COUNT SAVE ALL) ALL").returns;
  ASSERT_TRUE(r);
  EXPECT_TRUE(r->min && r->max && r->count && r->save && r->all);
  EXPECT_TRUE(search("RETURN () ALL").returns->all);
  EXPECT_FALSE(search("RETURN (SAVE) ALL").returns->all);
  EXPECT_EQ(search("RETURN (PARTIAL 1:500) ALL").returns->partial,
            (PartialRange{PartialRange::From::oldest, 1, 500}));
  EXPECT_EQ(error_of("a SEARCH RETURN (PARTIAL 1:500 ALL) ALL"), ErrorKind::bad_argument);
  EXPECT_EQ(error_of("a SEARCH RETURN (FOO) ALL"), ErrorKind::syntax);
  EXPECT_EQ(error_of("a SEARCH RETURN (MIN)"), ErrorKind::syntax);
}

// RFC 5267 §5, RFC 5465 §7.
TEST(ParseSearch, UpdateOptions) {
  auto r = search("RETURN (UPDATE COUNT CONTEXT) ALL").returns;
  ASSERT_TRUE(r);
  EXPECT_TRUE(r->update && r->count && r->context && !r->all);
  EXPECT_TRUE(r->update_fetch.empty());
  EXPECT_TRUE(search("RETURN (UPDATE) ALL").returns->all);
  r = search("RETURN (COUNT UPDATE (UID BODY[HEADER.FIELDS (TO)]) MIN) ALL").returns;
  ASSERT_EQ(r->update_fetch.size(), 2U);
  EXPECT_EQ(r->update_fetch[1].kind, FetchItem::Kind::body_section);
  EXPECT_TRUE(r->min);
  for (const char* text :
       {"a SEARCH RETURN (UPDATE ()) ALL", "a SEARCH RETURN (UPDATE UID) ALL",
        "a SEARCH RETURN (UPDATE (UID) ALL", "a SEARCH RETURN (UPDATE (FOO)) ALL", "a CANCELUPDATE",
        "a CANCELUPDATE (x)", "a UID CANCELUPDATE x"})
    EXPECT_EQ(error_of(text), ErrorKind::syntax) << text;
}

TEST(ParseSearch, TagsAndComparators) {
  const auto cancel = parse_command("a CANCELUPDATE \"b1\" b2");
  ASSERT_TRUE(cancel);
  EXPECT_THAT(std::get<CancelUpdateCommand>(cancel->body).tags, ElementsAre("b1", "b2"));
  const auto ask = parse_command("a COMPARATOR ");
  ASSERT_TRUE(ask);
  EXPECT_TRUE(std::get<ComparatorCommand>(ask->body).wanted.empty());
  const auto set = parse_command("a COMPARATOR \"cz;*\" i;basic");
  ASSERT_TRUE(set);
  EXPECT_THAT(std::get<ComparatorCommand>(set->body).wanted, ElementsAre("cz;*", "i;basic"));
}

TEST(ParseSearch, Charsets) {
  EXPECT_EQ(show(search("CHARSET UTF-8 SUBJECT \"ü\"").key), "subject:ü");
  EXPECT_EQ(show(search("CHARSET \"iso-8859-1\" SUBJECT {1}\r\n\xfc").key), "subject:ü");
  EXPECT_EQ(show(search("SUBJECT \"ü\"").key), "subject:ü");
  EXPECT_EQ(error_of("a SEARCH CHARSET no-such-thing ALL"), ErrorKind::unknown_charset);
  EXPECT_EQ(error_of("a SEARCH SUBJECT \"\xfc\""), ErrorKind::bad_argument);
  EXPECT_EQ(error_of("a SEARCH CHARSET iso-8859-1 ALL", {.utf8 = true}), ErrorKind::bad_argument);
  EXPECT_TRUE(parse_command("a SEARCH CHARSET UTF-8 ALL", {.utf8 = true}));
}

TEST(ParseSearch, Refuses) {
  for (const std::string_view text : {"a SEARCH",
                                      "a SEARCH ",
                                      "a SEARCH FOO",
                                      "a SEARCH NOT",
                                      "a SEARCH OR SEEN",
                                      "a SEARCH ()",
                                      "a SEARCH (SEEN",
                                      "a SEARCH SEEN)",
                                      "a SEARCH FROM",
                                      "a SEARCH LARGER x",
                                      "a SEARCH OLDER 0",
                                      "a SEARCH BEFORE 1-2-1994",
                                      "a SEARCH BEFORE 1-Feb-94",
                                      "a SEARCH BEFORE \"1-Feb-1994",
                                      "a SEARCH UID 0",
                                      "a SEARCH UID",
                                      "a SEARCH 1:",
                                      "a SEARCH MODSEQ",
                                      "a SEARCH MODSEQ \"x\" all 1",
                                      "a SEARCH MODSEQ \"/flags/x\" foo 1",
                                      "a SEARCH HEADER x",
                                      "a SEARCH KEYWORD \\Seen",
                                      "a SEARCH CHARSET"})
    EXPECT_EQ(error_of(text), ErrorKind::syntax) << text;
  EXPECT_EQ(error_of("a SEARCH BEFORE 31-Apr-2020"), ErrorKind::bad_argument);
  EXPECT_EQ(error_of("a SEARCH BEFORE 29-Feb-1900"), ErrorKind::bad_argument);
  EXPECT_EQ(error_of("a SEARCH EMAILID a.b"), ErrorKind::syntax);
  EXPECT_EQ(error_of("a SEARCH EMAILID " + std::string(256, 'x')), ErrorKind::syntax);
  EXPECT_EQ(error_of("a SEARCH THREADID \"x\""), ErrorKind::syntax);
}

TEST(ParseSearch, BoundsNestingAndNumber) {
  std::string nots;
  for (int i = 0; i < 100; ++i) nots += "NOT ";
  EXPECT_TRUE(parse_command("a SEARCH " + nots.substr(4) + "SEEN"));
  EXPECT_EQ(error_of("a SEARCH " + nots + nots + "SEEN"), ErrorKind::limit);
  EXPECT_EQ(error_of("a SEARCH " + std::string(50000, '(')), ErrorKind::limit);
  std::string many = "a SEARCH ALL";
  for (int i = 0; i < 10000; ++i) many += " ALL";
  EXPECT_EQ(error_of(many), ErrorKind::limit);
}

TEST(ParseSearch, KnowsWhetherModseqIsAsked) {
  EXPECT_TRUE(search("OR SEEN NOT MODSEQ 1").uses_modseq);
  EXPECT_FALSE(search("SUBJECT MODSEQ").uses_modseq);
}

TEST(ParseSort, Criteria) {
  auto command = parse_command("a UID SORT (REVERSE DATE SUBJECT DISPLAYFROM) UTF-8 UNSEEN FROM x");
  ASSERT_TRUE(command) << command.error().text;
  const auto& sort = std::get<SortCommand>(command->body);
  EXPECT_EQ(sort.numbering, Numbering::uid);
  ASSERT_EQ(sort.order.size(), 3U);
  EXPECT_TRUE(sort.order[0].reverse);
  EXPECT_EQ(sort.order[0].field, message::SortField::date);
  EXPECT_FALSE(sort.order[1].reverse);
  EXPECT_EQ(show(sort.key), "(and (not flag1) from:x)");
  command = parse_command("a SORT RETURN (MIN COUNT) (ARRIVAL) UTF-8 ALL");
  ASSERT_TRUE(command) << command.error().text;
  EXPECT_TRUE(std::get<SortCommand>(command->body).returns->count);
  for (const std::string_view text :
       {"a SORT () UTF-8 ALL", "a SORT (DATE) UTF-8", "a SORT DATE UTF-8 ALL",
        "a SORT (FOO) UTF-8 ALL", "a SORT (REVERSE) UTF-8 ALL"})
    EXPECT_EQ(error_of(text), ErrorKind::syntax) << text;
  EXPECT_EQ(error_of("a SORT (DATE) X-NOPE ALL"), ErrorKind::unknown_charset);
}

TEST(ParseThread, Algorithms) {
  auto command = parse_command("a THREAD REFERENCES UTF-8 SINCE 5-Mar-2000");
  ASSERT_TRUE(command) << command.error().text;
  EXPECT_EQ(std::get<ThreadCommand>(command->body).algorithm, message::ThreadAlgorithm::references);
  command = parse_command("a UID THREAD orderedsubject US-ASCII ALL");
  ASSERT_TRUE(command) << command.error().text;
  EXPECT_EQ(name_of(command->body), "UID THREAD");
  command = parse_command("a UID THREAD refs UTF-8 ALL");
  ASSERT_TRUE(command) << command.error().text;
  EXPECT_EQ(std::get<ThreadCommand>(command->body).algorithm, message::ThreadAlgorithm::refs);
  EXPECT_EQ(error_of("a THREAD FOO UTF-8 ALL"), ErrorKind::bad_argument);
  EXPECT_EQ(error_of("a THREAD REFERENCES UTF-8"), ErrorKind::syntax);
}

TEST(ParseUidBatches, SizeAndRange) {
  auto command = parse_command("a UIDBATCHES 2000");
  ASSERT_TRUE(command) << command.error().text;
  EXPECT_EQ(std::get<UidBatchesCommand>(command->body).size, 2000U);
  EXPECT_FALSE(std::get<UidBatchesCommand>(command->body).range);
  command = parse_command("a uidbatches 500 21:4");
  ASSERT_TRUE(command) << command.error().text;
  EXPECT_EQ(std::get<UidBatchesCommand>(command->body).range->first, 21U);
  EXPECT_EQ(std::get<UidBatchesCommand>(command->body).range->last, 4U);
  for (const std::string_view text :
       {"a UIDBATCHES", "a UIDBATCHES 0", "a UIDBATCHES 500 1", "a UIDBATCHES 500 0:2",
        "a UIDBATCHES 500 1:*", "a UIDBATCHES 500 1:2,4", "a UIDBATCHES 500 1:2 3:4",
        "a UID UIDBATCHES 500", "a UIDBATCHES 4294967296"})
    EXPECT_EQ(error_of(text), ErrorKind::syntax) << text;
}

}  // namespace
}  // namespace posthorn::wire::imap
