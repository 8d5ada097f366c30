#include "wire/imap/command/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthorn::wire::imap {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <class T>
T parse(std::string_view text, const ParseOptions& options = {}) {
  auto command = parse_command(text, options);
  if (!command) {
    ADD_FAILURE() << text << ": " << command.error().text;
    return {};
  }
  T* body = std::get_if<T>(&command->body);
  if (body == nullptr) {
    ADD_FAILURE() << text << " is a " << name_of(command->body);
    return {};
  }
  return std::move(*body);
}

ErrorKind error_of(std::string_view text, const ParseOptions& options = {}) {
  const auto command = parse_command(text, options);
  if (command) {
    ADD_FAILURE() << text << " was taken";
    return ErrorKind::server_bug;
  }
  EXPECT_FALSE(command.error().text.empty());
  return command.error().kind;
}

const ParseOptions kUtf8{.utf8 = true};

TEST(ParseCommand, TakesTheTagAndAnyCase) {
  for (const std::string_view text : {"a1 NOOP", "a1 noop", "a1 NoOp", "a1 NOOP "}) {
    const auto command = parse_command(text);
    ASSERT_TRUE(command) << text;
    EXPECT_EQ(command->tag, "a1");
    EXPECT_EQ(name_of(command->body), "NOOP");
  }
}

TEST(ParseCommand, RefusesWhatIsNoCommand) {
  for (const std::string_view text :
       {"", " ", "a1", "a1 ", "NOOP", "* NOOP", "a+ NOOP", " a1 NOOP", "a1 NOOP x", "a1 XYZZY",
        "a1 UID", "a1 UID NOOP", "a1 UIDFETCH 1 FLAGS", "a1 EXPUNGE 1", "a1 NOOP\r\n", "(a NOOP",
        "a1 APPEND INBOX {3}\r\nabc"})
    EXPECT_EQ(error_of(text), ErrorKind::syntax) << text;
  EXPECT_EQ(error_of(std::string_view("a1 NOOP\0", 8)), ErrorKind::syntax);
}

// Superfluous spaces that the grammar does not allow, but whose meaning is clear.
TEST(ParseCommand, TakesMoreSpacesThanTheGrammarHas) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"a1  NOOP  ", "a1 NOOP"},
      {"a  STORE  13  +FLAGS  ( \\Seen  x ) ", "a STORE 13 +FLAGS (\\Seen x)"},
      {"a STORE 13 ( UNCHANGEDSINCE  5 )  FLAGS \\Seen  x  ",
       "a STORE 13 (UNCHANGEDSINCE 5) FLAGS \\Seen x"},
      {"a  UID   FETCH  1  ( FLAGS  BODY[HEADER.FIELDS  ( A  B )]  PREVIEW  ( LAZY ) )  ( "
       "CHANGEDSINCE  5  VANISHED )",
       "a UID FETCH 1 (FLAGS BODY[HEADER.FIELDS (A B)] PREVIEW (LAZY)) (CHANGEDSINCE 5 VANISHED)"},
      {"a FETCH 1 PREVIEW  ", "a FETCH 1 PREVIEW"},
      {"a STATUS x ( MESSAGES )", "a STATUS x (MESSAGES)"},
      {"a STATUS x (UNSEEN RECENT )", "a STATUS x (UNSEEN RECENT)"},
      {"a SEARCH  1:5", "a SEARCH 1:5"},
      {"a SEARCH  RETURN  ( MIN  PARTIAL  1:2 )  CHARSET  UTF-8  ( OR  SEEN  ( NOT  DRAFT ) )  ",
       "a SEARCH RETURN (MIN PARTIAL 1:2) CHARSET UTF-8 (OR SEEN (NOT DRAFT))"},
      {"a SORT  ( REVERSE  DATE )  UTF-8  ALL ", "a SORT (REVERSE DATE) UTF-8 ALL"},
      {"a THREAD  REFERENCES  UTF-8  HEADER  a  b ", "a THREAD REFERENCES UTF-8 HEADER a b"},
      {"a LIST  ( SUBSCRIBED )  \"\"  ( a  b )  RETURN  ( STATUS  ( SIZE ) ) ",
       "a LIST (SUBSCRIBED) \"\" (a b) RETURN (STATUS (SIZE))"},
      {"a SELECT  x  ( QRESYNC  ( 1  2  3  ( 1  2 ) ) ) ", "a SELECT x (QRESYNC (1 2 3 (1 2)))"},
      {"a SELECT x (QRESYNC (1 2  (1 2) ))", "a SELECT x (QRESYNC (1 2 (1 2)))"},
      {"a SELECT x (QRESYNC (1 2  3 ))", "a SELECT x (QRESYNC (1 2 3))"},
      {"a CREATE  x  ( USE  ( \\Sent ) ) ", "a CREATE x (USE (\\Sent))"},
      {"a ENABLE  CONDSTORE  QRESYNC ", "a ENABLE CONDSTORE QRESYNC"},
      {"a AUTHENTICATE  PLAIN  ", "a AUTHENTICATE PLAIN"},
      {"a LOGIN  {1}\r\na  \"b \" ", "a LOGIN {1}\r\na \"b \""},
      {"a ID  ( \"a\"  NIL ) ", "a ID (\"a\" NIL)"},
      {"a SETQUOTA  x  ( STORAGE  5 ) ", "a SETQUOTA x (STORAGE 5)"},
      {"a RENAME  a  b ", "a RENAME a b"},
      {"a UID  COPY  1  b ", "a UID COPY 1 b"},
  };
  for (const auto& [spaced, plain] : table) {
    const auto command = parse_command(spaced);
    const auto expected = parse_command(plain);
    ASSERT_TRUE(expected) << plain << ": " << expected.error().text;
    if (!command) {
      ADD_FAILURE() << spaced << ": " << command.error().text;
      continue;
    }
    EXPECT_EQ(name_of(command->body), name_of(expected->body)) << spaced;
  }
  EXPECT_EQ(parse<LoginCommand>("a LOGIN  \" a  \"  {3}\r\n b   ").user, " a  ");
  EXPECT_EQ(parse<LoginCommand>("a LOGIN  \" a  \"  {3}\r\n b   ").password, " b ");
  EXPECT_THAT(parse<StoreCommand>("a STORE 1 FLAGS ( a  b )").flags.keywords,
              ElementsAre("a", "b"));
}

TEST(ParseCommand, DoesNotGuessWhatASpaceMeans) {
  for (const std::string_view text :
       {"a FETCH 1, 2 FLAGS", "a FETCH 1 :2 FLAGS", "a FETCH 1 FLAGS ()", "a FETCH 1 BODY []",
        "a FETCH 1 BODY[ HEADER]", "a FETCH 1 BODY[]<0. 5>", "a STORE 1 + FLAGS x",
        "a STATUS x ( )", "a STATUS x(MESSAGES)", "a SEARCH BEFORE 1 -Jan-2020", "a SEARCH ()",
        "a SEARCH", "a SEARCH  ", "a LOGIN a", "a LOGIN a  ", "a FETCH 1  ", "a STORE 1 FLAGS  "})
    EXPECT_EQ(error_of(text), ErrorKind::syntax) << text;
}

// The syntax is right, so the answer is NO, but only if all of it is right.
TEST(ParseCommand, ObjectsToANameThatNoMailboxCanHave) {
  for (const std::string_view text :
       {"a SELECT \"&bad\"", "a EXAMINE R&D", "a CREATE {4}\r\n&bad", "a DELETE \"\xff\"",
        "a RENAME &bad good", "a RENAME good &bad", "a SUBSCRIBE \"a\tb\"", "a UNSUBSCRIBE &bad",
        "a STATUS &bad (MESSAGES)", "a COPY 1 &bad", "a UID MOVE 1 &bad", "a GETQUOTAROOT &bad"}) {
    const auto command = parse_command(text);
    ASSERT_TRUE(command) << text << ": " << command.error().text;
    ASSERT_TRUE(command->objection) << text;
    EXPECT_EQ(command->objection->kind, ErrorKind::bad_argument) << text;
  }
  EXPECT_EQ(error_of("a STATUS &bad MESSAGES"), ErrorKind::syntax);
  EXPECT_EQ(error_of("a RENAME &bad"), ErrorKind::syntax);
  EXPECT_FALSE(parse_command("a SELECT good")->objection);
  EXPECT_TRUE(parse_command("a APPEND &bad {5}")->objection);
  EXPECT_FALSE(parse_command("a APPEND good {5}")->objection);
}

TEST(ParseCommand, SaysWhatItExpectedAndWhere) {
  const auto command = parse_command("a1 FETCH x FLAGS");
  ASSERT_FALSE(command);
  EXPECT_EQ(command.error().text, "expected a message number or '*' at octet 10, found 'x'");
  EXPECT_EQ(parse_command("a1 LOGIN a").error().text,
            "expected a space at octet 11, found the end");
}

TEST(ParseCommand, Authenticate) {
  auto c = parse<AuthenticateCommand>("a AUTHENTICATE plain");
  EXPECT_EQ(c.mechanism, "PLAIN");
  EXPECT_FALSE(c.initial_response);
  EXPECT_EQ(parse<AuthenticateCommand>("a AUTHENTICATE PLAIN AGEAYg==").initial_response,
            "AGEAYg==");
  EXPECT_EQ(parse<AuthenticateCommand>("a AUTHENTICATE PLAIN =").initial_response, "");
  EXPECT_EQ(error_of("a AUTHENTICATE PLAIN *"), ErrorKind::syntax);
  EXPECT_EQ(error_of("a AUTHENTICATE"), ErrorKind::syntax);
}

TEST(ParseCommand, LoginTakesEveryKindOfString) {
  auto c = parse<LoginCommand>("a LOGIN mrc \"se\\\"cr\\\\et\"");
  EXPECT_EQ(c.user, "mrc");
  EXPECT_EQ(c.password, "se\"cr\\et");
  c = parse<LoginCommand>("a LOGIN {4}\r\nfr d {3+}\r\na\r\n");
  EXPECT_EQ(c.user, "fr d");
  EXPECT_EQ(c.password, "a\r\n");
  EXPECT_EQ(parse<LoginCommand>("a LOGIN a]b \"\"").user, "a]b");
  for (const std::string_view text :
       {"a LOGIN x", "a LOGIN x y z", "a LOGIN x \"y", "a LOGIN x \"\\y\"", "a LOGIN x {5}\r\nabc",
        "a LOGIN x y(", "a LOGIN x {99999999999999999999}\r\nabc", "a LOGIN x {3-}\r\nabc"})
    EXPECT_EQ(error_of(text), ErrorKind::syntax) << text;
  EXPECT_EQ(error_of(std::string_view("a LOGIN x {3}\r\na\0b", 18)), ErrorKind::syntax);
  EXPECT_EQ(error_of("a LOGIN x \"\xff\"", kUtf8), ErrorKind::syntax);
}

TEST(ParseCommand, EnableAndIdAndCompress) {
  EXPECT_THAT(parse<EnableCommand>("a ENABLE condstore UTF8=ACCEPT").capabilities,
              ElementsAre("CONDSTORE", "UTF8=ACCEPT"));
  EXPECT_EQ(error_of("a ENABLE"), ErrorKind::syntax);
  const auto id = parse<IdCommand>("a ID (\"name\" \"x\" \"version\" NIL)");
  ASSERT_EQ(id.parameters.size(), 2U);
  EXPECT_EQ(id.parameters[0].second, "x");
  EXPECT_FALSE(id.parameters[1].second);
  EXPECT_THAT(parse<IdCommand>("a ID NIL").parameters, IsEmpty());
  EXPECT_THAT(parse<IdCommand>("a ID ()").parameters, IsEmpty());
  EXPECT_EQ(error_of("a ID (\"name\")"), ErrorKind::syntax);
  EXPECT_EQ(parse<CompressCommand>("a COMPRESS deflate").algorithm, "DEFLATE");
}

TEST(ParseCommand, Quota) {
  EXPECT_EQ(parse<GetQuotaCommand>("a GETQUOTA \"\"").root, "");
  EXPECT_EQ(parse<GetQuotaRootCommand>("a GETQUOTAROOT inbox").mailbox, "INBOX");
  const auto c = parse<SetQuotaCommand>("a SETQUOTA \"\" (storage 512 MESSAGE 9)");
  ASSERT_EQ(c.limits.size(), 2U);
  EXPECT_EQ(c.limits[0].resource, "STORAGE");
  EXPECT_EQ(c.limits[1].limit, 9U);
  EXPECT_EQ(error_of("a SETQUOTA \"\" (STORAGE)"), ErrorKind::syntax);
}

TEST(ParseCommand, SelectAndExamine) {
  auto c = parse<SelectCommand>("a SELECT InBoX");
  EXPECT_EQ(c.mailbox, "INBOX");
  EXPECT_EQ(c.access, SelectAccess::read_write);
  EXPECT_FALSE(c.condstore);
  c = parse<SelectCommand>("a EXAMINE x (CONDSTORE)");
  EXPECT_EQ(c.access, SelectAccess::read_only);
  EXPECT_TRUE(c.condstore);
  for (const std::string_view text : {"a SELECT", "a SELECT ", "a SELECT x ()", "a SELECT x (FOO)",
                                      "a SELECT x y", "a SELECT x (CONDSTORE", "a SELECT %"})
    EXPECT_EQ(error_of(text), ErrorKind::syntax) << text;
}

TEST(ParseCommand, SelectQresync) {
  auto c = parse<SelectCommand>("a SELECT x (QRESYNC (67890007 90060115194045000))");
  ASSERT_TRUE(c.qresync);
  EXPECT_EQ(c.qresync->uid_validity.value, 67890007U);
  EXPECT_EQ(c.qresync->mod_seq.value, 90060115194045000U);
  EXPECT_FALSE(c.qresync->known_uids);
  c = parse<SelectCommand>("a SELECT x (QRESYNC (1 2 41:211,214:541) CONDSTORE)");
  EXPECT_EQ(c.qresync->known_uids->to_text(), "41:211,214:541");
  EXPECT_TRUE(c.condstore);
  c = parse<SelectCommand>("a SELECT x (QRESYNC (1 2 1:29997 (5000,7500 15000,22500)))");
  ASSERT_TRUE(c.qresync->match);
  EXPECT_EQ(c.qresync->match->seqnums.to_text(), "5000,7500");
  EXPECT_EQ(c.qresync->match->uids.to_text(), "15000,22500");
  EXPECT_TRUE(parse<SelectCommand>("a SELECT x (QRESYNC (1 2 (1 2)))").qresync->match);
  for (const std::string_view text :
       {"a SELECT x (QRESYNC)", "a SELECT x (QRESYNC (0 2))", "a SELECT x (QRESYNC (1))",
        "a SELECT x (QRESYNC (1 2 1:*))", "a SELECT x (QRESYNC (1 2 $))",
        "a SELECT x (QRESYNC (1 2 1:3 (1)))"})
    EXPECT_EQ(error_of(text), ErrorKind::syntax) << text;
}

TEST(ParseCommand, MailboxNames) {
  EXPECT_EQ(parse<DeleteCommand>("a DELETE \"INBOX\"").mailbox, "INBOX");
  EXPECT_EQ(parse<DeleteCommand>("a DELETE Entw&APw-rfe").mailbox, "Entwürfe");
  EXPECT_EQ(parse<DeleteCommand>("a DELETE R&-D").mailbox, "R&D");
  EXPECT_EQ(parse<DeleteCommand>("a DELETE \"Entwürfe\"").mailbox, "Entwürfe");
  // Thunderbird, having enabled UTF8=ACCEPT.
  EXPECT_EQ(parse<DeleteCommand>("a DELETE \"R&D ü\"", kUtf8).mailbox, "R&D ü");
  EXPECT_EQ(parse<DeleteCommand>("a DELETE R&-D", kUtf8).mailbox, "R&-D");
  EXPECT_EQ(parse<CreateCommand>("a CREATE {5}\r\na b/c").mailbox, "a b/c");
}

TEST(ParseCommand, CreateRenameSubscribe) {
  EXPECT_THAT(parse<CreateCommand>("a CREATE x (USE (\\drafts \\Foo))").special_use,
              ElementsAre("\\Drafts", "\\Foo"));
  EXPECT_EQ(error_of("a CREATE x (USE \\Drafts)"), ErrorKind::syntax);
  EXPECT_EQ(error_of("a CREATE x (FOO)"), ErrorKind::syntax);
  const auto c = parse<RenameCommand>("a RENAME a \"b c\"");
  EXPECT_EQ(c.from, "a");
  EXPECT_EQ(c.to, "b c");
  EXPECT_EQ(parse<SubscribeCommand>("a SUBSCRIBE #news.x").mailbox, "#news.x");
  EXPECT_EQ(parse<UnsubscribeCommand>("a UNSUBSCRIBE x").mailbox, "x");
  parse<NamespaceCommand>("a NAMESPACE");
}

TEST(ParseCommand, List) {
  auto c = parse<ListCommand>("a LIST \"\" *");
  EXPECT_EQ(c.reference, "");
  EXPECT_THAT(c.patterns, ElementsAre("*"));
  EXPECT_FALSE(c.extended);
  EXPECT_THAT(parse<ListCommand>("a LIST ~/Mail/ Entw&APw-%").patterns, ElementsAre("Entwü%"));
  EXPECT_THAT(parse<ListCommand>("a LIST \"\" \"\"").patterns, ElementsAre(""));
  c = parse<ListCommand>(
      "a LIST (SUBSCRIBED RECURSIVEMATCH REMOTE SPECIAL-USE) \"\" (\"INBOX\" Dr%) "
      "RETURN (SUBSCRIBED CHILDREN SPECIAL-USE STATUS (MESSAGES UNSEEN))");
  EXPECT_TRUE(c.extended && c.select.subscribed && c.select.recursive_match && c.select.remote &&
              c.select.special_use);
  EXPECT_TRUE(c.returns.subscribed && c.returns.children && c.returns.special_use);
  ASSERT_TRUE(c.returns.status);
  EXPECT_TRUE(c.returns.status->has(StatusItem::messages));
  EXPECT_FALSE(c.returns.status->has(StatusItem::size));
  EXPECT_THAT(c.patterns, ElementsAre("INBOX", "Dr%"));
  EXPECT_TRUE(parse<ListCommand>("a LIST () \"\" % RETURN ()").extended);
  for (const std::string_view text :
       {"a LIST", "a LIST \"\"", "a LIST \"\" ()", "a LIST (FOO) \"\" *", "a LIST \"\" * RETURN",
        "a LIST \"\" * RETURN (FOO)", "a LIST \"\" * RETURN (STATUS)",
        "a LIST \"\" * RETURN (STATUS ())", "a LIST \"\" * (CHILDREN)"})
    EXPECT_EQ(error_of(text), ErrorKind::syntax) << text;
  EXPECT_EQ(error_of("a LIST (RECURSIVEMATCH) \"\" *"), ErrorKind::bad_argument);
  EXPECT_EQ(error_of("a LIST (RECURSIVEMATCH REMOTE) \"\" *"), ErrorKind::bad_argument);
  EXPECT_EQ(parse<LsubCommand>("a LSUB \"\" x*").pattern, "x*");
}

TEST(ParseCommand, StatusItems) {
  const auto c = parse<StatusCommand>(
      "a STATUS x (messages RECENT UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ "
      "APPENDLIMIT MAILBOXID DELETED-STORAGE)");
  EXPECT_EQ(c.items.bits, 0x7FF);
  EXPECT_EQ(error_of("a STATUS x ()"), ErrorKind::syntax);
  EXPECT_EQ(error_of("a STATUS x (FOO)"), ErrorKind::syntax);
  EXPECT_EQ(error_of("a STATUS x MESSAGES"), ErrorKind::syntax);
}

TEST(ParseCommand, SequenceSets) {
  const auto set = [](std::string_view text) {
    return parse<CopyCommand>(fmt::format("a COPY {} x", text)).set;
  };
  using Range = SequenceSet::Range;
  EXPECT_THAT(set("*").ranges, ElementsAre(Range{0, 0}));
  EXPECT_THAT(set("*:4,5").ranges, ElementsAre(Range{0, 4}, Range{5, 5}));
  EXPECT_THAT(set("4294967295:*").ranges, ElementsAre(Range{4294967295U, 0}));
  EXPECT_TRUE(set("$").saved_result);
  for (const std::string_view bad : {"0", "1:0", "1,", ",1", "1:", "4294967296", "1:2:3", "$,1",
                                     "1,$", "-1", "1;2", "+1", "1 2"})
    EXPECT_EQ(error_of(fmt::format("a COPY {} x", bad)), ErrorKind::syntax) << bad;
}

TEST(ParseCommand, Store) {
  auto c = parse<StoreCommand>("a STORE 1 +FLAGS.SILENT (\\Deleted $Junk \\seen)");
  EXPECT_EQ(c.mode, StoreCommand::Mode::add);
  EXPECT_TRUE(c.silent);
  EXPECT_EQ(c.flags.system, bit(SystemFlag::deleted) | bit(SystemFlag::seen));
  EXPECT_THAT(c.flags.keywords, ElementsAre("$Junk"));
  c = parse<StoreCommand>("a UID STORE 1:* (UNCHANGEDSINCE 0) FLAGS \\Seen x");
  EXPECT_EQ(c.numbering, Numbering::uid);
  EXPECT_EQ(c.mode, StoreCommand::Mode::replace);
  EXPECT_EQ(c.unchanged_since, ModSeq{0});
  EXPECT_THAT(c.flags.keywords, ElementsAre("x"));
  EXPECT_EQ(parse<StoreCommand>("a STORE 1 -FLAGS ()").mode, StoreCommand::Mode::remove);
  EXPECT_EQ(parse<StoreCommand>("a STORE 1 FLAGS (\\Recent)").flags, FlagList{});
  EXPECT_EQ(error_of("a STORE 1 FLAGS (\\Foo)"), ErrorKind::bad_argument);
  for (const std::string_view text :
       {"a STORE 1 FLAGS", "a STORE 1 FLAGS ", "a STORE 1 *FLAGS (x)", "a STORE 1 FLAGS (x",
        "a STORE 1 () FLAGS (x)", "a STORE 1 FLAGS (\"x\")",
        "a STORE 1 (UNCHANGEDSINCE -1) FLAGS x", "a STORE 1 FLAGS (\\*)"})
    EXPECT_EQ(error_of(text), ErrorKind::syntax) << text;
}

TEST(ParseCommand, CopyMoveExpunge) {
  EXPECT_EQ(parse<CopyCommand>("a COPY 2:4 inbox").mailbox, "INBOX");
  EXPECT_EQ(parse<MoveCommand>("a UID MOVE 2:4 x").numbering, Numbering::uid);
  EXPECT_FALSE(parse<ExpungeCommand>("a EXPUNGE").uids);
  EXPECT_TRUE(parse<ExpungeCommand>("a UID EXPUNGE 3000:3002").uids);
  EXPECT_EQ(error_of("a UID EXPUNGE"), ErrorKind::syntax);
  EXPECT_EQ(error_of("a COPY 1"), ErrorKind::syntax);
  EXPECT_EQ(parse<ExpungeCommand>("a UID EXPUNGE 1").numbering, Numbering::uid);
}

TEST(ParseCommand, NameAndNumberingAreThoseSent) {
  const auto body = [](std::string_view text) { return parse_command(text)->body; };
  EXPECT_EQ(name_of(body("a uid copy 1 x")), "UID COPY");
  EXPECT_EQ(name_of(body("a COPY 1 x")), "COPY");
  EXPECT_EQ(name_of(body("a UID EXPUNGE 1")), "UID EXPUNGE");
  EXPECT_EQ(name_of(body("a EXPUNGE")), "EXPUNGE");
  EXPECT_EQ(name_of(body("a SELECT x")), "SELECT");
  EXPECT_EQ(name_of(body("a examine x")), "EXAMINE");
  EXPECT_EQ(numbering_of(body("a UID EXPUNGE 1")), Numbering::uid);
  EXPECT_EQ(numbering_of(body("a EXPUNGE")), Numbering::seqnum);
  EXPECT_EQ(numbering_of(body("a UID FETCH 1 UID")), Numbering::uid);
  EXPECT_EQ(numbering_of(body("a NOOP")), Numbering::seqnum);
}

TEST(ParseCommand, SpecIsThatOfTheStruct) {
  const CommandSpec& spec = spec_of(parse_command("a UID MOVE 1 x")->body);
  EXPECT_EQ(spec.name, "MOVE");
  EXPECT_EQ(spec.capability, "MOVE");
  EXPECT_TRUE(spec.states.has(SessionState::selected));
  EXPECT_FALSE(spec.states.has(SessionState::authenticated));
  EXPECT_EQ(spec_of(parse_command("a EXAMINE x")->body).states, kAfterLogin);
}

TEST(ParseCommand, LimitsLists) {
  std::string text = "a STORE 1 FLAGS (x";
  for (int i = 0; i < 1000; ++i) text += " x";
  EXPECT_EQ(error_of(text + ")"), ErrorKind::limit);
  EXPECT_TRUE(parse_command(text + ")", {.list_items = 2000}));
}

}  // namespace
}  // namespace posthorn::wire::imap
