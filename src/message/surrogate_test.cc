#include "message/surrogate.h"

#include <gtest/gtest.h>

#include "text/ascii.h"

namespace posthorn::message {
namespace {

std::string surrogate(std::string_view line) {
  HeaderIterator fields(line);
  HeaderField field;
  EXPECT_TRUE(fields.next(field));
  return ascii_field(field);
}

TEST(Surrogate, LeavesAsciiAlone) {
  EXPECT_EQ(surrogate("Subject:  a \r\n\t\"b\"\r\n"), "Subject:  a \r\n\t\"b\"\r\n");
  EXPECT_EQ(surrogate("From rubbish\r\n"), "From rubbish\r\n");
}

TEST(Surrogate, EncodesWordsTogether) {
  EXPECT_EQ(surrogate("Subject: it is früh müde now\r\n"),
            "Subject: it is =?utf-8?b?ZnLDvGggbcO8ZGU=?= now\r\n");
  EXPECT_EQ(surrogate("Subject: früh\r\n müde\r\n"), "Subject: =?utf-8?b?ZnLDvGggbcO8ZGU=?=\r\n");
  EXPECT_EQ(surrogate("Subject: fr\xfch\r\n"), "Subject: =?utf-8?b?ZnLDvGg=?=\r\n");
}

TEST(Surrogate, KeepsTheFormOfAddresses) {
  EXPECT_EQ(surrogate("From: Jürgen <j@example.org>, Ann <ann@example.org>\r\n"),
            "From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>, Ann <ann@example.org>\r\n");
  EXPECT_EQ(surrogate("From: \"Jürgen \\\"J\\\"\" <j@example.org>\r\n"),
            "From: =?utf-8?b?SsO8cmdlbiAiSiI=?= <j@example.org>\r\n");
  EXPECT_EQ(surrogate("To: <jürgen@example.org>\r\n"),
            "To: <=?utf-8?q?j=C3=BCrgen?=@example.org>\r\n");
}

TEST(Surrogate, KeepsTheQuotesOfParameters) {
  EXPECT_EQ(surrogate("Content-Type: text/plain; name=\"grün.txt\"\r\n"),
            "Content-Type: text/plain; name=\"=?utf-8?b?Z3LDvG4udHh0?=\"\r\n");
}

TEST(Surrogate, FoldsWhatIsLong) {
  std::string subject = "Subject: ";
  for (int i = 0; i < 100; ++i) subject += "ü ";
  const std::string out = surrogate(subject + "\r\n");
  EXPECT_TRUE(text::is_ascii(out));
  std::size_t from = 0;
  while (from < out.size()) {
    const std::size_t end = out.find("\r\n", from);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - from, 90U);
    from = end + 2;
  }
}

TEST(Surrogate, WhatIsNoFieldGetsQuestionMarks) {
  EXPECT_EQ(surrogate("r\xfc"
                      "bbish\r\n"),
            "r?bbish\r\n");
  EXPECT_EQ(surrogate("N\xc3\xa4me: x\r\n"), "N??me: x\r\n");
  EXPECT_EQ(surrogate("A: \"\xfc"), "A: =?utf-8?b?w7w=?=");
}

}  // namespace
}  // namespace posthorn::message
