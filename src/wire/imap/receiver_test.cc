#include "wire/imap/receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthorn::wire::imap {
namespace {

using Kind = ReceiverEvent::Kind;
using Why = ReceiverEvent::Why;
using testing::ElementsAre;

// Feeds `input` in steps of `step` octets as a server does, and records the events.
std::vector<std::string> drive(std::string_view input, std::size_t step,
                               const ReceiverLimits& limits = {}) {
  Receiver receiver(limits);
  std::string buffer;
  std::vector<std::string> log;
  const auto drain = [&] {
    for (;;) {
      const ReceiverEvent e = receiver.next(buffer);
      switch (e.kind) {
        case Kind::need_more: break;
        case Kind::need_continuation: log.push_back("+"); break;
        case Kind::command: log.push_back(fmt::format("command {}", e.text)); break;
        case Kind::append_literal:
          log.push_back(fmt::format("append {} size {} {}", e.text, e.size,
                                    e.sync == LiteralSync::synchronising ? "sync" : "nosync"));
          break;
        case Kind::append_end: log.push_back(fmt::format("end {}", e.text)); break;
        case Kind::line: log.push_back(fmt::format("line {}", e.text)); break;
        case Kind::refused:
          log.push_back(fmt::format("refused {} {}", e.text, static_cast<int>(e.why)));
          break;
        case Kind::lost: log.push_back("lost"); return false;
      }
      const std::uint64_t size = e.size;
      buffer.erase(0, e.consumed);
      if (e.kind == Kind::need_more) return true;
      if (e.kind == Kind::append_literal) {
        if (buffer.size() < size) return false;  // The caller below reads on.
        log.push_back("message " + buffer.substr(0, size));
        buffer.erase(0, size);
        receiver.literal_done();
      }
    }
  };
  for (std::size_t at = 0; at < input.size(); at += step) {
    buffer += input.substr(at, step);
    if (!drain()) return log;
  }
  return log;
}

std::vector<std::string> whole(std::string_view input, const ReceiverLimits& limits = {}) {
  return drive(input, input.size(), limits);
}

std::string refusal(std::string_view tag, Why why) {
  return fmt::format("refused {} {}", tag, static_cast<int>(why));
}

TEST(Receiver, CutsLines) {
  EXPECT_THAT(whole("a1 NOOP\r\na2 IDLE\r\n"), ElementsAre("command a1 NOOP", "command a2 IDLE"));
  EXPECT_THAT(whole("a1 NOOP\na2 IDLE\n"), ElementsAre("command a1 NOOP", "command a2 IDLE"));
  EXPECT_THAT(whole("a1 NOOP"), ElementsAre());
}

TEST(Receiver, IgnoresBlankLinesBeforeACommand) {
  EXPECT_THAT(whole("\r\n\r\na1 NOOP\r\n\n\r\na2 NOOP\r\n"),
              ElementsAre("command a1 NOOP", "command a2 NOOP"));
  EXPECT_THAT(whole("\r\na1 LOGIN {1}\r\nx y\r\n"),
              ElementsAre("+", "command a1 LOGIN {1}\r\nx y"));
}

TEST(Receiver, GathersLiterals) {
  EXPECT_THAT(whole("a LOGIN {4}\r\nfred {3}\r\nabc\r\n"),
              ElementsAre("+", "+", "command a LOGIN {4}\r\nfred {3}\r\nabc"));
  EXPECT_THAT(whole("a LOGIN {4+}\r\nfred {3+}\r\na\r\n\r\nb NOOP\r\n"),
              ElementsAre("command a LOGIN {4+}\r\nfred {3+}\r\na\r\n", "command b NOOP"));
  EXPECT_THAT(whole("a LOGIN {0}\r\n {0+}\r\n\r\n"),
              ElementsAre("+", "command a LOGIN {0}\r\n {0+}\r\n"));
}

TEST(Receiver, AnUnquotedPasswordInBracesIsNoLiteral) {
  EXPECT_THAT(whole("a LOGIN fred pa{5}\r\n"), ElementsAre("command a LOGIN fred pa{5}"));
  EXPECT_THAT(whole("a LOGIN fred \"pa {5}\"\r\n"), ElementsAre("command a LOGIN fred \"pa {5}\""));
  EXPECT_THAT(whole("a LOGIN fred {}\r\n"), ElementsAre("command a LOGIN fred {}"));
  EXPECT_THAT(whole("a LOGIN fred {x}\r\n"), ElementsAre("command a LOGIN fred {x}"));
}

TEST(Receiver, StreamsTheMessageOfAnAppend) {
  EXPECT_THAT(whole("a append INBOX (\\Seen) {5}\r\nhello\r\nb NOOP\r\n"),
              ElementsAre("append a append INBOX (\\Seen) {5} size 5 sync", "message hello", "end ",
                          "command b NOOP"));
  EXPECT_THAT(whole("a APPEND {5}\r\nINBOX {3+}\r\nabc {2}\r\nde\r\n"),
              ElementsAre("+", "append a APPEND {5}\r\nINBOX {3+} size 3 nosync", "message abc",
                          "append  {2} size 2 sync", "message de", "end "));
  EXPECT_THAT(whole("a APPEND x UTF8 (~{3}\r\nabc)\r\n"),
              ElementsAre("append a APPEND x UTF8 (~{3} size 3 sync", "message abc", "end )"));
}

TEST(Receiver, FindsTheMessageOfAnAppendBehindMoreSpacesThanOne) {
  EXPECT_THAT(whole("a  APPEND   x  {3}\r\nabc  \r\n"),
              ElementsAre("append a  APPEND   x  {3} size 3 sync", "message abc", "end   "));
  EXPECT_THAT(
      whole("a  APPEND  {1}\r\nx  {3+}\r\nabc\r\n"),
      ElementsAre("+", "append a  APPEND  {1}\r\nx  {3+} size 3 nosync", "message abc", "end "));
}

TEST(Receiver, LiteralsOfOtherCommandsAreNotMessages) {
  EXPECT_THAT(
      whole("a REPLACE 4 x {3}\r\nabc\r\nb UID  REPLACE *  {1}\r\nx  {3+}\r\nabc\r\n"),
      ElementsAre("append a REPLACE 4 x {3} size 3 sync", "message abc", "end ", "+",
                  "append b UID  REPLACE *  {1}\r\nx  {3+} size 3 nosync", "message abc", "end "));
  EXPECT_THAT(whole("APPEND SEARCH TEXT {3}\r\nabc\r\n"),
              ElementsAre("+", "command APPEND SEARCH TEXT {3}\r\nabc"));
}

TEST(Receiver, RefusesAnOversizedLiteralAndStaysInSync) {
  const ReceiverLimits limits{.literal = 4};
  EXPECT_THAT(whole("a LOGIN {5}\r\nb NOOP\r\n", limits),
              ElementsAre(refusal("a", Why::literal_too_big), "command b NOOP"));
  EXPECT_THAT(whole("a LOGIN {5+}\r\nhello {3+}\r\nabc\r\nb NOOP\r\n", limits),
              ElementsAre(refusal("a", Why::literal_too_big), "command b NOOP"));
  EXPECT_THAT(whole("a LOGIN {5+}\r\nhello {3}\r\nb NOOP\r\n", limits),
              ElementsAre(refusal("a", Why::literal_too_big), "command b NOOP"));
  EXPECT_THAT(whole("a LOGIN {99999999999999999999}\r\nb NOOP\r\n", limits),
              ElementsAre(refusal("a", Why::literal_too_big), "command b NOOP"));
}

TEST(Receiver, GivesUpOnWhatIsTooMuchToThrowAway) {
  EXPECT_THAT(whole("a LOGIN {99999999999999999999+}\r\nx"), ElementsAre("lost"));
  const ReceiverLimits limits{.line = 10, .discard = 100};
  EXPECT_THAT(whole(std::string(1000, 'x'), limits), ElementsAre("lost"));
}

TEST(Receiver, RefusesALongLine) {
  const ReceiverLimits limits{.line = 10};
  EXPECT_THAT(
      whole("a NOOP1234\r\nb NOOP12345\r\nc NOOP\r\n", limits),
      ElementsAre("command a NOOP1234", refusal("b", Why::line_too_long), "command c NOOP"));
  EXPECT_THAT(whole("a " + std::string(500, 'x') + " {7+}\r\nd NOOP\r\n\r\nc NOOP\r\n", limits),
              ElementsAre(refusal("a", Why::line_too_long), "command c NOOP"));
}

TEST(Receiver, CountsLiteralsAndTheWholeCommand) {
  EXPECT_THAT(whole("a X {1+}\r\na {1+}\r\nb {1+}\r\nc\r\nb NOOP\r\n", {.literals = 2}),
              ElementsAre(refusal("a", Why::too_many_literals), "command b NOOP"));
  EXPECT_THAT(whole("a X {8+}\r\n12345678 {8+}\r\n12345678\r\nb NOOP\r\n", {.command = 30}),
              ElementsAre(refusal("a", Why::command_too_long), "command b NOOP"));
  EXPECT_THAT(whole("a X {8+}\r\n12345678 1234567890\r\nb NOOP\r\n", {.command = 20}),
              ElementsAre(refusal("a", Why::command_too_long), "command b NOOP"));
}

TEST(Receiver, OneOctetAtATimeGivesTheSame) {
  const std::string_view inputs[] = {
      "\r\na1 NOOP\r\n\na2 IDLE\n",
      "a LOGIN {4}\r\nfred {3+}\r\n\r\nx\r\nb NOOP\r\n",
      "a LOGIN {5+}\r\nhello {9+}\r\n123456789\r\nb NOOP\r\n",
      "a LOGIN {5+}\r\nhello {9}\r\nb NOOP\r\n",
      "a 123456789012345678901234567890123456789012345678901234567890123456789 {4+}\r\nabcd\r\n",
      "1234567890123456789012345678901234567890123456789 a\r\nb NOOP\r\n",
      "a X {9+}\r\n123456789 {0000000000000000000000000000000000000000000000000000000001+}\r\n",
      "a X {9+}\r\n123456789 {0000000000000000000000000000000000000001+}\r\nx\r\nb NOOP\r\n",
      "a X {4+}\r\n1234 {4+}\r\n1234 {4+}\r\n1234 {4+}\r\n1234\r\n b\r\n",
  };
  const ReceiverLimits limits{.line = 40, .literal = 8, .literals = 3, .command = 60};
  for (const std::string_view input : inputs) {
    const auto expected = whole(input, limits);
    EXPECT_FALSE(expected.empty());
    for (const std::size_t step : {1U, 2U, 3U, 7U}) EXPECT_EQ(drive(input, step, limits), expected);
  }
}

TEST(Receiver, TheCallerCanRefuseAMessage) {
  for (const bool sync : {true, false}) {
    Receiver receiver;
    std::string buffer =
        sync ? "a APPEND x {5}\r\nb NOOP\r\n" : "a APPEND x {5+}\r\nhello {2+}\r\nxy\r\nb NOOP\r\n";
    ReceiverEvent e = receiver.next(buffer);
    ASSERT_EQ(e.kind, Kind::append_literal);
    buffer.erase(0, e.consumed);
    receiver.refuse();
    e = receiver.next(buffer);
    ASSERT_EQ(e.kind, Kind::refused);
    EXPECT_EQ(e.why, Why::by_caller);
    EXPECT_EQ(e.text, "a");
    buffer.erase(0, e.consumed);
    e = receiver.next(buffer);
    ASSERT_EQ(e.kind, Kind::command);
    EXPECT_EQ(e.text, "b NOOP");
  }
}

TEST(Receiver, TakesPlainLinesWhenAsked) {
  Receiver receiver;
  // Apple Mail on iOS 18 sends the next command directly after DONE.
  std::string buffer = "DONE\r\na NOOP\r\n";
  ReceiverEvent e = receiver.next(buffer, Receiver::Expect::line);
  ASSERT_EQ(e.kind, Kind::line);
  EXPECT_EQ(e.text, "DONE");
  buffer.erase(0, e.consumed);
  EXPECT_EQ(receiver.next(buffer).text, "a NOOP");
  EXPECT_EQ(receiver.next("\r\n", Receiver::Expect::line).kind, Kind::line);
  EXPECT_EQ(receiver.next("x {3}\r\n", Receiver::Expect::line).text, "x {3}");
}

TEST(Receiver, KnowsWhetherItIsInACommand) {
  Receiver receiver;
  EXPECT_FALSE(receiver.in_command());
  receiver.next("a LO");
  EXPECT_TRUE(receiver.in_command());
  receiver.reset();
  EXPECT_FALSE(receiver.in_command());
}

TEST(Receiver, SmallStepsCostNoRescan) {
  // 1 MB in steps of one octet: quadratic scanning would take minutes.
  Receiver receiver({.line = 2 << 20, .command = 2 << 20});
  const std::string input(1 << 20, 'x');
  for (std::size_t n = 1; n <= input.size(); ++n) {
    const ReceiverEvent e = receiver.next(std::string_view(input).substr(0, n));
    ASSERT_EQ(e.kind, Kind::need_more);
    ASSERT_EQ(e.consumed, 0U);
  }
}

TEST(TagOf, FindsTags) {
  EXPECT_EQ(tag_of("a1 NOOP"), "a1");
  EXPECT_EQ(tag_of("a1"), "a1");
  EXPECT_EQ(tag_of("a+1 NOOP"), "");
  EXPECT_EQ(tag_of(" NOOP"), "");
  EXPECT_EQ(tag_of("a]1 NOOP"), "a]1");
  EXPECT_EQ(tag_of("a\"1 NOOP"), "");
}

}  // namespace
}  // namespace posthorn::wire::imap
