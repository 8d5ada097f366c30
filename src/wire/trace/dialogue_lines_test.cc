#include "wire/trace/dialogue_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace posthorn::wire::trace {
namespace {

using testing::ElementsAre;

struct Said {
  Side side;
  std::string octets;
};

std::vector<std::string> lines_of(Protocol protocol, const std::vector<Said>& dialogue,
                                  std::size_t step) {
  std::vector<std::string> lines;
  DialogueLines dialogue_lines(protocol);
  for (const Said& said : dialogue)
    for (std::size_t at = 0; at < said.octets.size(); at += step)
      dialogue_lines.feed(
          said.side, std::string_view(said.octets).substr(at, step),
          [&](Side side, std::string_view line) {
            lines.push_back((side == Side::client ? "C: " : "S: ") + std::string(line));
          });
  return lines;
}

std::vector<std::string> lines_of(Protocol protocol, const std::vector<Said>& dialogue) {
  auto lines = lines_of(protocol, dialogue, 100'000);
  EXPECT_EQ(lines_of(protocol, dialogue, 1), lines);
  return lines;
}

constexpr auto kClient = Side::client;
constexpr auto kServer = Side::server;

TEST(DialogueLines, LiteralsAreCut) {
  EXPECT_THAT(
      lines_of(Protocol::imap, {{kClient, "a1 APPEND INBOX {6}\r\n"},
                                {kServer, "+ Ready\r\n"},
                                {kClient, "x\r\nyz{\r\na2 FETCH 1 BODY[]\r\n"},
                                {kServer, "* 1 FETCH (BODY[] {3}\r\nabc)\r\na2 OK done\r\n"}}),
      ElementsAre("C: a1 APPEND INBOX {6} [6 octets]", "S: + Ready", "C: ", "C: a2 FETCH 1 BODY[]",
                  "S: * 1 FETCH (BODY[] {3} [3 octets]", "S: )", "S: a2 OK done"));
}

TEST(DialogueLines, SecretsAreCut) {
  EXPECT_THAT(lines_of(Protocol::imap, {{kClient, "a1 LOGIN ada {6+}\r\nsecret\r\n"},
                                        {kClient, "a2 authenticate PLAIN AGFkYQ==\r\n"},
                                        {kClient, "c2VjcmV0\r\n"},
                                        {kClient, "a3 NOOP\r\n"}}),
              ElementsAre("C: a1 LOGIN [cut] [6 octets]", "C: [cut]", "C: a2 authenticate [cut]",
                          "C: [cut]", "C: a3 NOOP"));
  EXPECT_THAT(lines_of(Protocol::pop3, {{kClient, "USER ada\r\nPASS secret\r\nSTAT\r\n"}}),
              ElementsAre("C: USER ada", "C: PASS [cut]", "C: [cut]"));
  EXPECT_THAT(lines_of(Protocol::smtp, {{kClient, "AUTH PLAIN AGFkYQ==\r\n"}}),
              ElementsAre("C: AUTH [cut]"));
}

TEST(DialogueLines, MessagesAreCut) {
  EXPECT_THAT(lines_of(Protocol::pop3, {{kClient, "RETR 1\r\n"},
                                        {kServer, "+OK\r\nSubject: x\r\n\r\n..\r\n.\r\n"},
                                        {kClient, "RETR 9\r\n"},
                                        {kServer, "-ERR no such message\r\n"},
                                        {kClient, "LIST\r\n"},
                                        {kServer, "+OK\r\n1 9\r\n.\r\n"}}),
              ElementsAre("C: RETR 1", "S: +OK", "S: [a message of 18 octets]", "C: RETR 9",
                          "S: -ERR no such message", "C: LIST", "S: +OK", "S: 1 9", "S: ."));
  EXPECT_THAT(
      lines_of(Protocol::smtp, {{kClient, "DATA\r\n"},
                                {kServer, "354 Go\r\n"},
                                {kClient, "Subject: x\r\n.\r\nBDAT 5 LAST\r\nab\r\nc"},
                                {kServer, "250 OK\r\n"},
                                {kClient, "DATA\r\n"},
                                {kServer, "503 No\r\n"},
                                {kClient, "QUIT\r\n"}}),
      ElementsAre("C: DATA", "S: 354 Go", "C: [a message of 12 octets]",
                  "C: BDAT 5 LAST [5 octets]", "S: 250 OK", "C: DATA", "S: 503 No", "C: QUIT"));
}

TEST(DialogueLines, LongLinesAreCut) {
  const std::string longer(DialogueLines::kMaxLine + 7, 'x');
  const auto lines = lines_of(Protocol::imap, {{kServer, longer + "\r\n"}});
  ASSERT_EQ(lines.size(), 1U);
  const auto literal = lines_of(Protocol::imap, {{kServer, longer + "{4}\r\nmail)\r\n"}});
  ASSERT_EQ(literal.size(), 2U);
  EXPECT_EQ(literal[1], "S: )");
  EXPECT_TRUE(lines[0].ends_with("x [8 more octets]")) << lines[0].substr(2000);
}

}  // namespace
}  // namespace posthorn::wire::trace
