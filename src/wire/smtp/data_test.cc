#include "wire/smtp/data.h"

#include <gtest/gtest.h>

#include <random>

#include "wire/lex/line_reader.h"

namespace posthorn::wire::smtp {
namespace {

using namespace std::string_literals;

struct Received {
  std::string message;
  std::string rest;
  bool ended = false;
  std::uint64_t size = 0;
  friend bool operator==(const Received&, const Received&) = default;
};

/// Feeds the input in steps of this many octets.
Received receive(std::string_view bytes, std::size_t step) {
  Received out;
  DataReceiver receiver;
  while (!bytes.empty() && !out.ended) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    while (!piece.empty() && !out.ended) {
      const auto span = receiver.take(piece);
      out.message += span.bytes;
      out.ended = span.end;
    }
    if (out.ended) out.rest = std::string(piece) + std::string(bytes);
  }
  out.size = receiver.size();
  return out;
}

Received receive(std::string_view bytes) {
  const Received whole = receive(bytes, bytes.size() + 1);
  for (const std::size_t step : {1, 2, 3, 5, 7}) EXPECT_EQ(receive(bytes, step), whole) << step;
  EXPECT_EQ(whole.size, whole.message.size());
  return whole;
}

TEST(DataReceiver, TakesOffDots) {
  const Received r = receive("a\r\n..b\r\n.c\r\nd.e\r\n...\r\n.\r\nQUIT\r\n");
  EXPECT_TRUE(r.ended);
  EXPECT_EQ(r.message, "a\r\n.b\r\nc\r\nd.e\r\n..\r\n");
  EXPECT_EQ(r.rest, "QUIT\r\n");
}

TEST(DataReceiver, TakesAnEmptyMessage) {
  EXPECT_EQ(receive(".\r\nx"), (Received{"", "x", true, 0}));
  EXPECT_EQ(receive("\r\n.\r\n"), (Received{"\r\n", "", true, 2}));
}

// If a sequence ends a message in one server but not in another, one message can carry another past
// a relay.
TEST(DataReceiver, EndsAtNothingButTheRealEnd) {
  for (const std::string& fake :
       {"\n.\n"s, "\n.\r\n"s, "\r\n.\n"s, "\r.\r\n"s, "\r.\r"s, "\r\n.\r"s, "\r\n.\rx\n"s,
        "\n\n.\r\n"s, "\r\r\n .\r\n"s, "\r\n.\r\r\n"s, "\r\n.\0\r\n"s}) {
    const std::string start = "x" + fake + "MAIL FROM:<evil@example.org>";
    const Received r = receive(start + "\r\n.\r\n");
    EXPECT_TRUE(r.ended);
    EXPECT_EQ(r.rest, "");
    EXPECT_NE(r.message.find("MAIL FROM"), std::string::npos);
  }
  EXPECT_EQ(receive("x\n.\ny\r\n.\r\n").message, "x\n.\ny\r\n");
  EXPECT_EQ(receive("x\r\n.\ny\r\n.\r\n").message, "x\r\n\ny\r\n");
  EXPECT_EQ(receive("x\r\n.\r\ry\r\n.\r\n").message, "x\r\n\r\ry\r\n");
}

TEST(DataReceiver, WaitsForTheEnd) {
  for (const char* part : {"", "x", "x\r\n", "x\r\n.", "x\r\n.\r", "x\r\n..\r\n"}) {
    EXPECT_FALSE(receive(part).ended) << part;
  }
}

TEST(DataReceiver, NoticesNul) {
  DataReceiver receiver;
  std::string_view input("a\0b\r\n", 5);
  std::ignore = receiver.take(input);
  EXPECT_TRUE(receiver.has_nul());
  DataReceiver other;
  input = "ab\r\n";
  std::ignore = other.take(input);
  EXPECT_FALSE(other.has_nul());
}

/// Returns the encoded form of a message that is fed in pieces of random sizes.
std::string send(std::string_view message, std::mt19937& random) {
  std::string sent;
  DataSender sender;
  while (!message.empty()) {
    const std::string_view piece = message.substr(0, random() % 5 + 1);
    sender.add(piece, sent);
    message.remove_prefix(piece.size());
  }
  sender.finish(sent);
  return sent;
}

TEST(DataSender, IsUndoneByTheReceiver) {
  std::mt19937 random(11);
  for (int round = 0; round < 5000; ++round) {
    std::string message;
    for (unsigned i = random() % 24; i > 0; --i)
      message += std::array{".", "..", "\r\n", "\r\n.", "x", "y"}[random() % 6];
    const Received r = receive(send(message, random));
    ASSERT_TRUE(r.ended);
    EXPECT_EQ(r.rest, "");
    const bool whole = message.empty() || message.ends_with("\r\n");
    ASSERT_EQ(r.message, whole ? message : message + "\r\n");
  }
}

TEST(DataSender, LetsOnlyCrlfOut) {
  std::mt19937 random(12);
  for (const auto& [message, sent] : std::vector<std::pair<std::string, std::string>>{
           {"a\nb\n", "a\r\nb\r\n.\r\n"},
           {"a\rb\r", "a\r\nb\r\n.\r\n"},
           {"a\r\r\nb", "a\r\n\r\nb\r\n.\r\n"},
           {"a\n.\nMAIL FROM:<>\n", "a\r\n..\r\nMAIL FROM:<>\r\n.\r\n"},
           {"a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"},
           {"\n\r", "\r\n\r\n.\r\n"}}) {
    for (int round = 0; round < 20; ++round) EXPECT_EQ(send(message, random), sent);
  }
}

TEST(ChunkReceiver, TakesWhatIsItsOwn) {
  ChunkReceiver chunk(5);
  std::string_view input = "abc";
  EXPECT_EQ(chunk.take(input), "abc");
  input = "deQUIT";
  EXPECT_EQ(chunk.take(input), "de");
  EXPECT_EQ(chunk.left(), 0U);
  EXPECT_EQ(input, "QUIT");
}

std::vector<std::string> lines_of(std::string_view bytes, std::size_t step, std::size_t limit) {
  std::vector<std::string> out;
  lex::LineReader reader(limit);
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    while (const auto line = reader.take(piece)) {
      out.push_back(line->too_long ? "TOO LONG" : std::string(line->text));
    }
  }
  return out;
}

TEST(LineReader, CutsAtCrlfOnly) {
  const std::string bytes =
      "LHLO x\r\nNO\nOP\r\nA\rB\r\n\r\n\r\r\n1234567890\r\n12345678901\r\nQUIT\r\nrest";
  const std::vector<std::string> expected{"LHLO x", "NO\nOP",     "A\rB",     "",
                                          "\r",     "1234567890", "TOO LONG", "QUIT"};
  for (std::size_t step = 1; step < bytes.size() + 1; ++step) {
    EXPECT_EQ(lines_of(bytes, step, 10), expected) << step;
  }
}

TEST(LineReader, LeavesTheRestAlone) {
  lex::LineReader reader;
  std::string_view input = "DATA\r\nSubject: x\r\n";
  EXPECT_EQ(reader.take(input)->text, "DATA");
  EXPECT_TRUE(reader.at_start());
  EXPECT_EQ(input, "Subject: x\r\n");
}

}  // namespace
}  // namespace posthorn::wire::smtp
