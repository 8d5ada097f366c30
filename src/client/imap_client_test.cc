#include "client/imap_client.h"

#include <gtest/gtest.h>

#include "async/run.h"
#include "client/test_stream.h"

namespace posthorn::client {
namespace {

using namespace std::chrono_literals;
using Entries = std::vector<ScriptedStream::Entry>;
using wire::imap::Condition;

class ImapClientTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  ImapClient client(Entries script, ClientLimits limits = {}) {
    return ImapClient(std::make_unique<ScriptedStream>(std::move(script), record_, GetParam()),
                      limits);
  }
  ScriptedStream::Record record_;
};

TEST_P(ImapClientTest, GreetsAndNotesCapabilities) {
  auto c = client({"* OK [CAPABILITY IMAP4rev1 literal+ AUTH=PLAIN] ready\r\n"});
  ASSERT_TRUE(async::run_blocking(c.greet()));
  EXPECT_TRUE(c.has("LITERAL+"));
  EXPECT_TRUE(c.has("auth=plain"));
  EXPECT_FALSE(c.has("IDLE"));
}

TEST_P(ImapClientTest, ByeInsteadOfAGreeting) {
  auto c = client({"* BYE too busy\r\n"});
  const Status s = async::run_blocking(c.greet());
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(s.error().text, "too busy");
}

TEST_P(ImapClientTest, NoGreetingAtAll) {
  auto c = client({"220 smtp\r\n"});
  EXPECT_EQ(async::run_blocking(c.greet()).error().kind, ErrorKind::syntax);
  auto d = client({});
  EXPECT_EQ(async::run_blocking(d.greet()).error().kind, ErrorKind::closed);
}

TEST_P(ImapClientTest, CollectsUntaggedWithLiterals) {
  auto c =
      client({"* 1 FETCH (BODY[] {11}\r\nc1 OK\r\n{3}\r UID 5)\r\n* 2 EXISTS\r\n"
              "c1 OK [READ-WRITE] done {9}\r\n"});
  const auto reply = async::run_blocking(c.command("FETCH 1 BODY[]"));
  ASSERT_TRUE(reply) << reply.error().text;
  EXPECT_TRUE(reply->ok());
  EXPECT_EQ(reply->code, "READ-WRITE");
  EXPECT_EQ(reply->text, "done {9}");  // Free text announces nothing.
  ASSERT_EQ(reply->untagged.size(), 2U);
  EXPECT_EQ(reply->untagged[0], "* 1 FETCH (BODY[] {11}\r\nc1 OK\r\n{3}\r UID 5)");
  EXPECT_EQ(reply->untagged[1], "* 2 EXISTS");
  EXPECT_EQ(record_.written, "c1 FETCH 1 BODY[]\r\n");
}

TEST_P(ImapClientTest, KeepsABoundedNumberOfRepliesNobodyAskedFor) {
  auto c = client({"x1 OK a\r\nx2 OK b\r\nx3 OK c\r\nc1 OK late\r\n"}, {.early_replies = 2});
  const auto reply = async::run_blocking(c.command("NOOP"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::too_big);
}

TEST_P(ImapClientTest, CountsWhatShortResponsesCostToKeep) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "* 1\r\n";
  auto c = client({many + "c1 OK done\r\n"}, {.untagged_octets = 1000});
  EXPECT_EQ(async::run_blocking(c.command("NOOP")).error().kind, ErrorKind::too_big);
}

TEST_P(ImapClientTest, HandlerTakesUntagged) {
  auto c = client({"* 1 EXISTS\r\n* SEARCH\r\nc1 NO [NONEXISTENT] gone\r\nc2 BAD what\r\n"});
  std::vector<std::string> got;
  c.on_untagged([&](std::string_view r) { got.emplace_back(r); });
  auto reply = async::run_blocking(c.command("X"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->condition, Condition::no);
  EXPECT_EQ(reply->code, "NONEXISTENT");
  EXPECT_TRUE(reply->untagged.empty());
  EXPECT_EQ(got, (std::vector<std::string>{"* 1 EXISTS", "* SEARCH"}));
  EXPECT_EQ(async::run_blocking(c.command("Y"))->condition, Condition::bad);
}

TEST_P(ImapClientTest, SeveralCommandsAtOnce) {
  auto c = client({"* SEARCH 1\r\nc1 OK one\r\nc2 NO two\r\n"});
  const std::string first = *async::run_blocking(c.send("SEARCH ALL"));
  const std::string second = *async::run_blocking(c.send("NOOP"));
  EXPECT_EQ(record_.written, "c1 SEARCH ALL\r\nc2 NOOP\r\n");
  EXPECT_EQ(async::run_blocking(c.finish(second))->text, "two");
  const auto reply = async::run_blocking(c.finish(first));
  EXPECT_EQ(reply->text, "one");
  EXPECT_EQ(reply->untagged.size(), 1U);
}

TEST_P(ImapClientTest, TheByeIsTheReason) {
  auto c = client({"* BYE idle for too long\r\n"});
  const auto reply = async::run_blocking(c.command("NOOP"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::closed);
  EXPECT_EQ(reply.error().text, "idle for too long");
}

TEST_P(ImapClientTest, LoginQuotesOrAuthenticates) {
  auto c = client({"c1 OK [CAPABILITY IDLE] hello\r\n"});
  ASSERT_TRUE(async::run_blocking(c.login("ann", "a\"b\\c")));
  EXPECT_EQ(record_.written, "c1 LOGIN \"ann\" \"a\\\"b\\\\c\"\r\n");
  EXPECT_TRUE(c.has("IDLE"));

  record_ = {};
  auto d = client({"+ \r\n", "c1 OK hello\r\n"});
  ASSERT_TRUE(async::run_blocking(d.login("ann", "gr\xc3\xbc\xc3\x9f")));
  EXPECT_EQ(record_.written_at_read[0], "c1 AUTHENTICATE PLAIN\r\n");
  EXPECT_EQ(record_.written, "c1 AUTHENTICATE PLAIN\r\nAGFubgBncsO8w58=\r\n");
}

TEST_P(ImapClientTest, LoginRefused) {
  auto c = client({"c1 NO [AUTHENTICATIONFAILED] no\r\n"});
  EXPECT_EQ(async::run_blocking(c.login("a", "b")).error().kind, ErrorKind::auth_failed);
  auto d = client({"c1 NO no PLAIN here\r\n"});
  EXPECT_EQ(async::run_blocking(d.login("a", "\xff")).error().kind, ErrorKind::auth_failed);
}

ImapClient::Source source_of(std::vector<std::string> chunks) {
  return [chunks = std::move(chunks), i = std::size_t{0}]() mutable -> std::string_view {
    return i < chunks.size() ? std::string_view(chunks[i++]) : std::string_view();
  };
}

TEST_P(ImapClientTest, AppendWaitsForTheContinuation) {
  auto c = client({"* 3 EXISTS\r\n+ go on\r\n", "c1 OK [APPENDUID 7 42] done\r\n"});
  const AppendOptions options{.flags = {bit(SystemFlag::seen), {"$Work"}},
                              .received = Timestamp{837596665, -420}};
  const auto reply =
      async::run_blocking(c.append("Entwürfe & mehr", options, 6, source_of({"abc", "def"})));
  ASSERT_TRUE(reply) << reply.error().text;
  EXPECT_EQ(reply->code, "APPENDUID 7 42");
  EXPECT_EQ(reply->untagged.size(), 1U);
  const std::string head =
      "c1 APPEND \"Entw&APw-rfe &- mehr\" (\\Seen $Work) \"17-Jul-1996 02:44:25 -0700\" {6}\r\n";
  EXPECT_EQ(record_.written_at_read[0], head);
  EXPECT_EQ(record_.written, head + "abcdef\r\n");
}

TEST_P(ImapClientTest, AppendRefusedTakesNothingFromTheSource) {
  auto c = client({"c1 NO [TRYCREATE] no such mailbox\r\n"});
  bool asked = false;
  const auto reply = async::run_blocking(c.append("x", {}, 3, [&]() -> std::string_view {
    asked = true;
    return "abc";
  }));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, "TRYCREATE");
  EXPECT_FALSE(asked);
  EXPECT_EQ(record_.written, "c1 APPEND x {3}\r\n");
}

TEST_P(ImapClientTest, AppendWithLiteralPlusDoesNotWait) {
  auto c = client({"* OK [CAPABILITY LITERAL+] hi\r\n", "c1 OK done\r\n"});
  ASSERT_TRUE(async::run_blocking(c.greet()));
  ASSERT_TRUE(async::run_blocking(c.append("INBOX", {}, 3, source_of({"abc"}))));
  EXPECT_EQ(record_.written_at_read[1], "c1 APPEND INBOX {3+}\r\nabc\r\n");
}

TEST_P(ImapClientTest, LiteralMinusIsForSmallOnes) {
  auto c = client({"* OK [CAPABILITY LITERAL-] hi\r\n", "c1 OK x\r\n", "c2 NO x\r\n"});
  ASSERT_TRUE(async::run_blocking(c.greet()));
  ASSERT_TRUE(async::run_blocking(c.append("a", {}, 4096, source_of({std::string(4096, 'x')}))));
  ASSERT_TRUE(async::run_blocking(c.append("a", {}, 4097, source_of({}))));
  EXPECT_TRUE(record_.written.starts_with("c1 APPEND a {4096+}\r\n"));
  EXPECT_TRUE(record_.written.ends_with("c2 APPEND a {4097}\r\n"));
}

TEST_P(ImapClientTest, AWrongSizeEndsTheConnection) {
  for (const char* text : {"ab", "abcd"}) {
    record_ = {};
    auto c = client({"+ \r\n", "c1 OK x\r\n"});
    const auto reply = async::run_blocking(c.append("x", {}, 3, source_of({text})));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::bad_argument);
    EXPECT_TRUE(record_.shut_down);
  }
}

TEST_P(ImapClientTest, Idles) {
  auto c = client({"* 1 EXISTS\r\n+ idling\r\n", "* 2 EXISTS\r\n", ErrorKind::timed_out,
                   "* 1 EXPUNGE\r\n", "* 0 EXISTS\r\nc1 OK done\r\n"});
  ASSERT_TRUE(async::run_blocking(c.idle()));
  EXPECT_EQ(**async::run_blocking(c.idle_next(1s)), "* 1 EXISTS");
  EXPECT_EQ(**async::run_blocking(c.idle_next(1s)), "* 2 EXISTS");
  EXPECT_EQ(*async::run_blocking(c.idle_next(1s)), std::nullopt);
  EXPECT_EQ(**async::run_blocking(c.idle_next(1s)), "* 1 EXPUNGE");
  const auto reply = async::run_blocking(c.idle_done());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->untagged, (std::vector<std::string>{"* 0 EXISTS"}));
  EXPECT_EQ(record_.written, "c1 IDLE\r\nDONE\r\n");
}

TEST_P(ImapClientTest, IdleRefusedAndIdleEnded) {
  auto c = client({"c1 NO not now\r\n"});
  EXPECT_EQ(async::run_blocking(c.idle()).error().kind, ErrorKind::not_supported);
  auto d = client({"+ \r\n", "* BYE restart\r\n"});
  ASSERT_TRUE(async::run_blocking(d.idle()));
  EXPECT_EQ(**async::run_blocking(d.idle_next(1s)), "* BYE restart");
  const auto end = async::run_blocking(d.idle_next(1s));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().text, "restart");
}

TEST_P(ImapClientTest, LogoutCloses) {
  auto c = client({"* BYE bye\r\nc1 OK done\r\n"});
  EXPECT_TRUE(async::run_blocking(c.logout()));
  EXPECT_TRUE(record_.closed);
}

TEST_P(ImapClientTest, HasBounds) {
  const ClientLimits limits{.response_octets = 100, .untagged_octets = 150};
  auto line = client({"* OK " + std::string(200, 'x')}, limits);
  EXPECT_EQ(async::run_blocking(line.command("X")).error().kind, ErrorKind::too_big);
  auto literal = client({"* 1 FETCH (BODY[] {101}\r\n"}, limits);
  EXPECT_EQ(async::run_blocking(literal.command("X")).error().kind, ErrorKind::too_big);
  auto huge = client({"* 1 FETCH (BODY[] {99999999999999999999999}\r\n"}, limits);
  EXPECT_EQ(async::run_blocking(huge.command("X")).error().kind, ErrorKind::too_big);
  std::string many;
  for (int i = 0; i < 20; ++i) many += "* LIST () NIL x\r\n";
  auto kept = client({many + "c1 OK x\r\n"}, limits);
  EXPECT_EQ(async::run_blocking(kept.command("X")).error().kind, ErrorKind::too_big);
}

TEST_P(ImapClientTest, RefusesNonsense) {
  auto words = client({"what is this\r\n"});
  EXPECT_EQ(async::run_blocking(words.command("X")).error().kind, ErrorKind::syntax);
  auto half = client({"* 1 FETCH (BODY[] {10}\r\nabc"});
  EXPECT_EQ(async::run_blocking(half.command("X")).error().kind, ErrorKind::closed);
  auto timeout = client({ErrorKind::timed_out});
  EXPECT_EQ(async::run_blocking(timeout.command("X")).error().kind, ErrorKind::timed_out);
}

INSTANTIATE_TEST_SUITE_P(Steps, ImapClientTest, ::testing::Values(1, 7, 1U << 20));

TEST(StatusLine, Parts) {
  const auto line = parse_status_line("a1 NO [BADCHARSET (UTF-8)] no such charset");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->tag, "a1");
  EXPECT_EQ(line->condition, Condition::no);
  EXPECT_EQ(line->code, "BADCHARSET (UTF-8)");
  EXPECT_EQ(line->text, "no such charset");
  EXPECT_EQ(parse_status_line("* BYE")->condition, Condition::bye);
  EXPECT_FALSE(parse_status_line("* 1 EXISTS"));
  EXPECT_FALSE(parse_status_line(""));
}

}  // namespace
}  // namespace posthorn::client
