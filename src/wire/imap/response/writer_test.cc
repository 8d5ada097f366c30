#include "wire/imap/response/writer.h"

#include <gtest/gtest.h>

#include <numeric>

#include "wire/imap/command/command.h"
#include "wire/imap/response/format_context.h"
#include "wire/imap/response/format_fetch.h"
#include "wire/imap/response/format_list.h"
#include "wire/imap/response/response.h"

namespace posthorn::wire::imap {
namespace {

constexpr Dialect kRev2{.rev2 = true, .utf8 = true};

template <class F>
std::string text_of(F f, Dialect dialect = {}) {
  std::string out;
  Writer w(out, dialect);
  f(w);
  return out;
}

std::string string_of(std::string_view value, Dialect dialect = {}) {
  return text_of([&](Writer& w) { w.string(value); }, dialect);
}

std::string mailbox_of(std::string_view name, Dialect dialect = {}) {
  return text_of([&](Writer& w) { w.mailbox(name); }, dialect);
}

TEST(Writer, QuotesWhatItCanAndLiteralsTheRest) {
  EXPECT_EQ(string_of(""), "\"\"");
  EXPECT_EQ(string_of("a b"), "\"a b\"");
  EXPECT_EQ(string_of("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(string_of("a\r\nb"), "{4}\r\na\r\nb");
  EXPECT_EQ(string_of("ü"), "{2}\r\nü");
  EXPECT_EQ(string_of("ü", kRev2), "\"ü\"");
  EXPECT_EQ(string_of("\xff", kRev2), "{1}\r\n\xff");
  EXPECT_EQ(string_of(std::string_view("a\0b", 3)), "{2}\r\nab");
  EXPECT_EQ(string_of(std::string(999, 'x')).size(), 1001U);
  EXPECT_TRUE(string_of(std::string(1000, 'x')).starts_with("{1000}\r\n"));
}

TEST(Writer, MailboxNamesByDialect) {
  EXPECT_EQ(mailbox_of("INBOX"), "INBOX");
  EXPECT_EQ(mailbox_of("Sent Items"), "\"Sent Items\"");
  EXPECT_EQ(mailbox_of(""), "\"\"");
  EXPECT_EQ(mailbox_of("nil"), "\"nil\"");
  EXPECT_EQ(mailbox_of("R&D"), "R&-D");
  EXPECT_EQ(mailbox_of("R&D", kRev2), "R&D");
  EXPECT_EQ(mailbox_of("Entwürfe"), "Entw&APw-rfe");
  EXPECT_EQ(mailbox_of("Entwürfe", kRev2), "\"Entwürfe\"");
  EXPECT_EQ(mailbox_of("a]b%"), "\"a]b%\"");
}

TEST(Writer, DateTimes) {
  const auto date = [](std::int64_t seconds, std::int16_t zone) {
    return text_of([&](Writer& w) { w.date_time({seconds, zone}); });
  };
  EXPECT_EQ(date(0, 0), "\" 1-Jan-1970 00:00:00 +0000\"");
  EXPECT_EQ(date(837596665, -420), "\"17-Jul-1996 02:44:25 -0700\"");
  EXPECT_EQ(date(951782399, 0), "\"28-Feb-2000 23:59:59 +0000\"");
  EXPECT_EQ(date(951782400, 0), "\"29-Feb-2000 00:00:00 +0000\"");
  EXPECT_EQ(date(-1, 330), "\" 1-Jan-1970 05:29:59 +0530\"");
}

TEST(Writer, DateTimesAreReadBack) {
  for (std::int64_t seconds = -2'000'000'000; seconds < 5'000'000'000; seconds += 12'345'679) {
    for (const std::int16_t zone : {0, 60, -480, 345, -90}) {
      const std::string text =
          text_of([&](Writer& w) { w.raw("a APPEND x ").date_time({seconds, zone}).raw(" {1}"); });
      const auto command = parse_command(text);
      ASSERT_TRUE(command) << text;
      const AppendMessage& first =
          std::get<AppendCommand>(command->body).first.items.front().message;
      EXPECT_EQ(first.date_seconds, seconds) << text;
      EXPECT_EQ(first.date_zone_minutes, zone) << text;
    }
  }
}

TEST(Writer, Flags) {
  const std::vector<std::string> keywords = {"$Junk", "x"};
  EXPECT_EQ(text_of([&](Writer& w) { w.flag_list(31, Recent::yes, keywords); }),
            "(\\Answered \\Flagged \\Deleted \\Seen \\Draft \\Recent $Junk x)");
  EXPECT_EQ(text_of([&](Writer& w) { w.flag_list(0, Recent::no, keywords); }), "($Junk x)");
  EXPECT_EQ(text_of([](Writer& w) { w.flag_list(FlagList{}); }), "()");
}

std::string tagged(const Code& code, std::string_view text, Condition condition = Condition::ok,
                   Dialect dialect = {}) {
  return text_of([&](Writer& w) { format_tagged(w, "a1", condition, code, text); }, dialect);
}

TEST(Response, CodesAndText) {
  EXPECT_EQ(tagged({}, "Hello"), "a1 OK Hello\r\n");
  EXPECT_EQ(tagged(CodeName::read_only, ""), "a1 OK [READ-ONLY] Done\r\n");
  EXPECT_EQ(tagged(CodeName::try_create, "", Condition::no), "a1 NO [TRYCREATE] Failed\r\n");
  EXPECT_EQ(tagged({}, "[x]\r\ny ü"), "a1 OK (x]  y   \r\n");
  EXPECT_EQ(tagged({}, "ü", Condition::bad, kRev2), "a1 BAD ü\r\n");
  EXPECT_EQ(tagged(code::BadCharset{{"UTF-8", "US-ASCII"}}, "No", Condition::no),
            "a1 NO [BADCHARSET (UTF-8 US-ASCII)] No\r\n");
  EXPECT_EQ(tagged(code::BadCharset{}, "No"), "a1 OK [BADCHARSET] No\r\n");
  EXPECT_EQ(tagged(code::PermanentFlags{.keywords = {}}, "x"),
            "a1 OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] x\r\n");
  EXPECT_EQ(tagged(code::PermanentFlags{.system = 0, .keywords = {}}, "x"),
            "a1 OK [PERMANENTFLAGS (\\*)] x\r\n");
  EXPECT_EQ(tagged(code::PermanentFlags{.system = 0, .keywords = {}, .any = false}, "x"),
            "a1 OK [PERMANENTFLAGS ()] x\r\n");
  EXPECT_EQ(tagged(code::UidNext{Uid(7)}, "x"), "a1 OK [UIDNEXT 7] x\r\n");
  EXPECT_EQ(tagged(code::UidValidity{UidValidity(7)}, "x"), "a1 OK [UIDVALIDITY 7] x\r\n");
  EXPECT_EQ(tagged(code::Unseen{Seqnum(7)}, "x"), "a1 OK [UNSEEN 7] x\r\n");
  EXPECT_EQ(tagged(code::HighestModSeq{ModSeq(5)}, "Ok"), "a1 OK [HIGHESTMODSEQ 5] Ok\r\n");
  EXPECT_EQ(tagged(code::MailboxId{"F1"}, "x"), "a1 OK [MAILBOXID (F1)] x\r\n");
}

TEST(Response, UidplusCodes) {
  NumberSet two;
  two.add(5, 6);
  NumberSet other;
  other.add(9);
  other.add(11);
  EXPECT_EQ(tagged(code::AppendUid{UidValidity(38505), two}, "x"),
            "a1 OK [APPENDUID 38505 5:6] x\r\n");
  EXPECT_EQ(tagged(code::CopyUid{UidValidity(1), two, other}, "x"),
            "a1 OK [COPYUID 1 5:6 9,11] x\r\n");
  // MailKit accepts three arguments or none.
  EXPECT_EQ(tagged(code::CopyUid{UidValidity(1), {}, {}}, "x"), "a1 OK x\r\n");
  EXPECT_EQ(tagged(code::Modified{other}, "x"), "a1 OK [MODIFIED 9,11] x\r\n");
  EXPECT_EQ(tagged(code::Modified{}, "x"), "a1 OK x\r\n");
}

TEST(Response, InProgress) {
  EXPECT_EQ(tagged(code::InProgress{"a", 454, 1000}, "x"),
            "a1 OK [INPROGRESS (\"a\" 454 1000)] x\r\n");
  EXPECT_EQ(tagged(code::InProgress{"a]", 1, {}}, "x"), "a1 OK [INPROGRESS (NIL 1 NIL)] x\r\n");
  EXPECT_EQ(tagged(code::InProgress{"a", {}, {}}, "x"), "a1 OK [INPROGRESS] x\r\n");
}

TEST(Response, EveryNameIsAnAtom) {
  for (int i = 0; i <= static_cast<int>(CodeName::uid_required); ++i) {
    const std::string_view name = name_of(static_cast<CodeName>(i));
    EXPECT_GT(name.size(), 3U);
    EXPECT_TRUE(i == static_cast<int>(CodeName::server_bug) || name != "SERVERBUG");
  }
}

TEST(Response, Continuation) {
  EXPECT_EQ(text_of([](Writer& w) { format_continuation(w); }), "+ \r\n");
  EXPECT_EQ(text_of([](Writer& w) { format_continuation(w, "idling"); }), "+ idling\r\n");
}

TEST(Response, SmallOnes) {
  NumberSet set;
  set.add(1, 3);
  set.add(7);
  EXPECT_EQ(text_of([](Writer& w) { format_exists(w, 23); }), "* 23 EXISTS\r\n");
  EXPECT_EQ(text_of([](Writer& w) { format_recent(w, 5); }), "* 5 RECENT\r\n");
  EXPECT_EQ(text_of([](Writer& w) { format_recent(w, 5); }, kRev2), "");
  EXPECT_EQ(text_of([](Writer& w) { format_expunge(w, Seqnum(4)); }), "* 4 EXPUNGE\r\n");
  EXPECT_EQ(text_of([&](Writer& w) { format_vanished(w, Vanished::now, set); }),
            "* VANISHED 1:3,7\r\n");
  EXPECT_EQ(text_of([&](Writer& w) { format_vanished(w, Vanished::earlier, set); }),
            "* VANISHED (EARLIER) 1:3,7\r\n");
  EXPECT_EQ(text_of([](Writer& w) { format_vanished(w, Vanished::now, {}); }), "");
  EXPECT_EQ(text_of([](Writer& w) { format_enabled(w, {}); }), "* ENABLED\r\n");
  EXPECT_EQ(text_of([](Writer& w) { format_id(w, {}); }), "* ID NIL\r\n");
  const std::pair<std::string_view, std::string_view> fields[] = {{"name", "x"}, {"version", "1"}};
  EXPECT_EQ(text_of([&](Writer& w) { format_id(w, fields); }),
            "* ID (\"name\" \"x\" \"version\" \"1\")\r\n");
}

TEST(Response, Search) {
  const std::vector<std::uint32_t> numbers{2, 84, 85, 86};
  EXPECT_EQ(text_of([](Writer& w) { format_search(w, {}); }), "* SEARCH\r\n");
  EXPECT_EQ(text_of([](Writer& w) { format_search(w, {}, ModSeq(4)); }), "* SEARCH\r\n");
  EXPECT_EQ(text_of([&](Writer& w) { format_search(w, numbers, ModSeq(4)); }),
            "* SEARCH 2 84 85 86 (MODSEQ 4)\r\n");
  EXPECT_EQ(text_of([](Writer& w) { format_sort(w, std::vector<std::uint32_t>{5, 3, 4}); }),
            "* SORT 5 3 4\r\n");
}

TEST(Response, ManyNumbersAreWrittenInFull) {
  std::vector<std::uint32_t> numbers;
  std::string expected = "* SORT";
  for (std::uint32_t i = 0; i < 5000; ++i) {
    numbers.push_back(UINT32_MAX - i * 858'993);
    expected += ' ' + std::to_string(numbers.back());
  }
  EXPECT_EQ(text_of([&](Writer& w) { format_sort(w, numbers); }), expected + "\r\n");
}

TEST(Response, EsearchTagIsAlwaysQuoted) {
  NumberSet set;
  set.add(1, 3);
  EXPECT_EQ(text_of([](Writer& w) { format_esearch(w, {.tag = "A1"}); }),
            "* ESEARCH (TAG \"A1\")\r\n");
  EXPECT_EQ(text_of([&](Writer& w) {
              format_esearch(w, {.tag = "A1",
                                 .numbering = Numbering::uid,
                                 .min = 1,
                                 .max = 3,
                                 .count = 3,
                                 .all = &set,
                                 .modseq = ModSeq(9)});
            }),
            "* ESEARCH (TAG \"A1\") UID MIN 1 MAX 3 COUNT 3 ALL 1:3 MODSEQ 9\r\n");
  const NumberSet none;
  EXPECT_EQ(text_of([&](Writer& w) { format_esearch(w, {.tag = "A1", .count = 0, .all = &none}); }),
            "* ESEARCH (TAG \"A1\") COUNT 0\r\n");
}

// RFC 5267 §4.3.3, §4.3.4.
TEST(Response, ContextUpdate) {
  const std::vector<ContextChange> one = {{0, {1, 2, 5}}};
  const std::vector<ContextChange> two = {{1, {9, 3, 4}}, {5, {7}}};
  EXPECT_EQ(text_of([&](Writer& w) { format_context_update(w, {.tag = "b]1", .added = one}); }),
            "* ESEARCH (TAG \"b]1\") ADDTO (0 1:2,5)\r\n");
  EXPECT_EQ(text_of([&](Writer& w) {
              format_context_update(w, {.tag = "b1",
                                        .mailbox = "a b",
                                        .uid_validity = UidValidity(7),
                                        .numbering = Numbering::uid,
                                        .removed = two,
                                        .added = one});
            }),
            "* ESEARCH (TAG \"b1\" MAILBOX \"a b\" UIDVALIDITY 7) UID REMOVEFROM (1 9,3:4 5 7) "
            "ADDTO (0 1:2,5)\r\n");
}

// RFC 5255 §4.8.
TEST(Response, Comparator) {
  const std::vector<std::string_view> names = {"i;octet", "i;ascii-casemap"};
  EXPECT_EQ(text_of([&](Writer& w) { format_comparator(w, "i;octet", std::span(names).first(1)); }),
            "* COMPARATOR i;octet\r\n");
  EXPECT_EQ(text_of([&](Writer& w) { format_comparator(w, "i;octet", names); }),
            "* COMPARATOR i;octet (i;octet i;ascii-casemap)\r\n");
}

// RFC 5267 §3: the order matters, and a range is read in ascending order.
TEST(Response, EsearchWritesAscendingRunsOfAnOrderedSetAsRanges) {
  const auto all = [](std::vector<std::uint32_t> numbers) {
    const std::string text =
        text_of([&](Writer& w) { format_esearch(w, {.tag = "A1", .all_ordered = numbers}); });
    return text.substr(std::string_view("* ESEARCH (TAG \"A1\") ALL ").size());
  };
  EXPECT_EQ(all({1, 2, 3, 4, 5}), "1:5\r\n");
  EXPECT_EQ(all({7}), "7\r\n");
  EXPECT_EQ(all({5, 4, 3}), "5,4,3\r\n");
  EXPECT_EQ(all({3, 4, 1, 2, 9, 8, 10}), "3:4,1:2,9,8,10\r\n");
  EXPECT_EQ(all({UINT32_MAX - 1, UINT32_MAX, 1}), "4294967294:4294967295,1\r\n");
  std::vector<std::uint32_t> many(50'000);
  std::iota(many.begin(), many.end(), 1);
  EXPECT_EQ(all(many), "1:50000\r\n");
  EsearchResponse r{.tag = "A1"};
  r.partial.emplace();
  r.partial->range = {PartialRange::From::oldest, 1, 4};
  const std::vector<std::uint32_t> ordered{8, 9, 2, 3};
  r.partial->ordered = ordered;
  EXPECT_EQ(text_of([&](Writer& w) { format_esearch(w, r); }),
            "* ESEARCH (TAG \"A1\") PARTIAL (1:4 8:9,2:3)\r\n");
}

TEST(Response, EsearchPartial) {
  EsearchResponse r{.tag = "A1"};
  r.partial.emplace();
  r.partial->range = {PartialRange::From::newest, 1, 100};
  EXPECT_EQ(text_of([&](Writer& w) { format_esearch(w, r); }),
            "* ESEARCH (TAG \"A1\") PARTIAL (-1:-100 NIL)\r\n");
  r.partial->range = {PartialRange::From::oldest, 1, 100};
  r.partial->numbers.add(4, 5);
  EXPECT_EQ(text_of([&](Writer& w) { format_esearch(w, r); }),
            "* ESEARCH (TAG \"A1\") PARTIAL (1:100 4:5)\r\n");
}

TEST(Response, Thread) {
  const auto thread = [](std::vector<ThreadItem> items) {
    return text_of([&](Writer& w) { format_thread(w, items); });
  };
  EXPECT_EQ(thread({}), "* THREAD\r\n");
  // RFC 5256 §4.
  EXPECT_EQ(thread({{2, 0}, {3, 0}, {6, 1}, {4, 2}, {23, 3}, {44, 2}, {7, 3}, {96, 4}}),
            "* THREAD (2)(3 6 (4 23)(44 7 96))\r\n");
  EXPECT_EQ(thread({{0, 0}, {3, 1}, {5, 1}}), "* THREAD ((3)(5))\r\n");
  EXPECT_EQ(thread({{1, 0}, {2, 1}, {3, 1}, {4, 0}}), "* THREAD (1 (2)(3))(4)\r\n");
}

TEST(Response, Status) {
  StatusValues values{};
  EXPECT_EQ(text_of([&](Writer& w) { format_status(w, "x", values); }), "* STATUS x ()\r\n");
  values.messages = 231;
  values.recent = 1;
  values.uid_next = Uid(44292);
  values.highest_modseq = ModSeq(1);
  values.mailbox_id = "F1";
  EXPECT_EQ(
      text_of([&](Writer& w) { format_status(w, "R&D", values); }),
      "* STATUS R&-D (MESSAGES 231 RECENT 1 UIDNEXT 44292 HIGHESTMODSEQ 1 MAILBOXID (F1))\r\n");
  EXPECT_EQ(text_of([&](Writer& w) { format_status(w, "x", values); }, kRev2),
            "* STATUS x (MESSAGES 231 UIDNEXT 44292 HIGHESTMODSEQ 1 MAILBOXID (F1))\r\n");
}

TEST(Response, Quota) {
  const QuotaResource resources[] = {{"STORAGE", 10, 512}, {"MESSAGE", 1, 2}};
  EXPECT_EQ(text_of([&](Writer& w) { format_quota(w, "", resources); }),
            "* QUOTA \"\" (STORAGE 10 512 MESSAGE 1 2)\r\n");
  const std::string_view roots[] = {""};
  EXPECT_EQ(text_of([&](Writer& w) { format_quotaroot(w, "INBOX", roots); }),
            "* QUOTAROOT INBOX \"\"\r\n");
}

TEST(Response, List) {
  ListResponse r{.attributes = bit(ListAttribute::has_no_children) | bit(ListAttribute::drafts),
                 .mailbox = "Drafts"};
  const auto show = [&](Dialect d = {}) {
    return text_of([&](Writer& w) { format_list(w, r); }, d);
  };
  EXPECT_EQ(show(), "* LIST (\\HasNoChildren \\Drafts) \"/\" Drafts\r\n");
  r = {.attributes = bit(ListAttribute::non_existent), .delimiter = 0, .mailbox = "a/b"};
  EXPECT_EQ(show(), "* LIST (\\Noselect) NIL a/b\r\n");
  EXPECT_EQ(show(kRev2), "* LIST (\\NonExistent) NIL a/b\r\n");
  r = {.kind = ListKind::lsub, .delimiter = '\\', .mailbox = "x", .child_subscribed = true};
  EXPECT_EQ(show(), "* LSUB () \"\\\\\" x\r\n");
  r = {.kind = ListKind::list_extended,
       .attributes = bit(ListAttribute::non_existent),
       .mailbox = "x",
       .child_subscribed = true,
       .old_name = "y z"};
  for (const Dialect& dialect : {Dialect{}, kRev2})
    EXPECT_EQ(show(dialect),
              "* LIST (\\NonExistent) \"/\" x (\"CHILDINFO\" (\"SUBSCRIBED\") \"OLDNAME\" (\"y "
              "z\"))\r\n");
  // Other clients of IMAP4rev1 do not expect it.
  r.kind = ListKind::list;
  r.child_subscribed = false;
  EXPECT_EQ(show(), "* LIST (\\Noselect) \"/\" x\r\n");
  EXPECT_EQ(show(kRev2), "* LIST (\\NonExistent) \"/\" x (\"OLDNAME\" (\"y z\"))\r\n");
}

TEST(Response, Namespaces) {
  const NamespaceEntry personal[] = {{"", '/'}};
  const NamespaceEntry other[] = {{"~", '/'}, {"Entwürfe/", '/'}};
  EXPECT_EQ(text_of([&](Writer& w) {
              format_namespace(w, {.personal = personal, .other_users = other, .shared = {}});
            }),
            "* NAMESPACE ((\"\" \"/\")) ((\"~\" \"/\")(\"Entw&APw-rfe/\" \"/\")) NIL\r\n");
}

FetchItem item(std::string_view text) {
  return std::get<FetchCommand>(parse_command(fmt::format("a FETCH 1 {}", text))->body).items[0];
}

TEST(FetchWriter, Items) {
  std::string out;
  Writer w(out);
  FetchWriter fetch(w);
  fetch.begin(Seqnum(1));
  fetch.uid(Uid(17));
  fetch.flags(bit(SystemFlag::seen), Recent::no, std::vector<std::string_view>{"x"});
  fetch.internal_date({0, 0});
  fetch.rfc822_size(44827);
  fetch.modseq(ModSeq(65402));
  fetch.save_date(std::nullopt);
  fetch.preview("hi");
  fetch.email_id("M1");
  fetch.thread_id("T1");
  fetch.envelope("(E)");
  fetch.body("(B)");
  fetch.body_structure("(S)");
  fetch.end();
  fetch.begin(Uid(25));
  fetch.preview(std::nullopt);
  fetch.end();
  EXPECT_EQ(
      out,
      "* 1 FETCH (UID 17 FLAGS (\\Seen x) INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\" "
      "RFC822.SIZE 44827 MODSEQ (65402) SAVEDATE NIL PREVIEW \"hi\" EMAILID (M1) THREADID (T1) "
      "ENVELOPE (E) BODY (B) BODYSTRUCTURE (S))\r\n* 25 UIDFETCH (PREVIEW NIL)\r\n");
}

TEST(FetchWriter, Content) {
  const auto show = [](std::string_view name, std::optional<std::string_view> value) {
    std::string out;
    Writer w(out);
    FetchWriter fetch(w);
    fetch.content(item(name), value);
    return out;
  };
  EXPECT_EQ(show("BODY[]", "x"), "BODY[] \"x\"");
  EXPECT_EQ(show("BODY.PEEK[1.2.HEADER.FIELDS (From \"a b\")]", std::nullopt),
            "BODY[1.2.HEADER.FIELDS (From \"a b\")] NIL");
  EXPECT_EQ(show("BODY[4.MIME]<10.20>", ""), "BODY[4.MIME]<10> \"\"");
  EXPECT_EQ(show("BODY[HEADER.FIELDS.NOT (X)]", ""), "BODY[HEADER.FIELDS.NOT (X)] \"\"");
  EXPECT_EQ(show("RFC822.HEADER", "x"), "RFC822.HEADER \"x\"");

  std::string out;
  Writer w(out);
  FetchWriter fetch(w);
  fetch.begin(Seqnum(1));
  fetch.literal(item("BODY[TEXT]"), 3);
  out += "abc";
  fetch.literal(item("BINARY.PEEK[1]<0.5>"), 1);
  out += "x";
  fetch.binary_size(item("BINARY.SIZE[1]"), 7);
  fetch.end();
  EXPECT_EQ(out, "* 1 FETCH (BODY[TEXT] {3}\r\nabc BINARY[1]<0> ~{1}\r\nx BINARY.SIZE[1] 7)\r\n");
}

}  // namespace
}  // namespace posthorn::wire::imap
