#include "wire/smtp/reply.h"

#include <gtest/gtest.h>

namespace posthorn::wire::smtp {
namespace {

TEST(Reply, IsWritten) {
  EXPECT_EQ(format_reply(reply(250, {2, 1, 5}, "ok")), "250 2.1.5 ok\r\n");
  EXPECT_EQ(format_reply(reply(354, "go on")), "354 go on\r\n");
  EXPECT_EQ(format_reply({250, std::nullopt, {"x.org", "PIPELINING", "SIZE 5"}}),
            "250-x.org\r\n250-PIPELINING\r\n250 SIZE 5\r\n");
  EXPECT_EQ(format_reply({550, EnhancedStatus{5, 1, 1}, {"a", "b"}}),
            "550-5.1.1 a\r\n550 5.1.1 b\r\n");
  EXPECT_EQ(format_reply({221, EnhancedStatus{2, 0, 0}, {}}), "221 2.0.0 \r\n");
}

TEST(Reply, LetsNoTextMakeALine) {
  EXPECT_EQ(format_reply(reply(550, {5, 1, 1}, "no\r\n250 ok")), "550 5.1.1 no  250 ok\r\n");
  EXPECT_EQ(format_reply(reply(250, std::string(2000, 'x'))).size(), 512U);
}

TEST(Reply, IsOneLine) {
  EXPECT_EQ(one_line({550, EnhancedStatus{5, 1, 1}, {"no", "such\r\nuser"}}),
            "550 5.1.1 no such  user");
  EXPECT_EQ(one_line({421, std::nullopt, {}}), "421");
  EXPECT_EQ(one_line({550, std::nullopt, {std::string(3000, 'x'), "y"}}).size(), 400U);
  EXPECT_EQ(one_line({550, std::nullopt, {"\xc3\xbc\xc3\xbc"}}, 7), "550 \xc3\xbc");
}

std::vector<Reply> read(std::string_view bytes, std::size_t step, std::string* error) {
  std::vector<Reply> out;
  ReplyReader reader;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    while (auto reply = reader.take(piece)) {
      if (!*reply) {
        *error = reply->error().text;
        return out;
      }
      out.push_back(std::move(**reply));
    }
  }
  return out;
}

TEST(ReplyReader, ReadsWhatIsWritten) {
  const std::vector<Reply> replies{{220, std::nullopt, {"x.org LMTP"}},
                                   {250, std::nullopt, {"x.org", "PIPELINING", "SIZE 5"}},
                                   {250, EnhancedStatus{2, 1, 5}, {"ok"}},
                                   {550, EnhancedStatus{5, 1, 1}, {"no", "such"}},
                                   {354, std::nullopt, {"go on"}}};
  std::string bytes;
  for (const Reply& reply : replies) bytes += format_reply(reply);
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    std::string error;
    EXPECT_EQ(read(bytes, step, &error), replies);
    EXPECT_EQ(error, "");
  }
}

TEST(ReplyReader, TakesOddButLegalOnes) {
  std::string error;
  EXPECT_EQ(read("250\r\n", 9, &error), (std::vector<Reply>{{250, std::nullopt, {""}}}));
  // A number that is not a status of this class is text.
  EXPECT_EQ(read("250 5.1.1 x\r\n", 99, &error)[0].lines[0], "5.1.1 x");
  EXPECT_EQ(read("220 1.2 x\n", 99, &error)[0].lines[0], "1.2 x");
  EXPECT_EQ(error, "");
}

TEST(ReplyReader, RefusesWhatIsNone) {
  for (const char* bad : {"\r\n", "25\r\n", "abc x\r\n", "199 x\r\n", "600 x\r\n", "250x\r\n",
                          "250-a\r\n251 b\r\n"}) {
    std::string error;
    read(bad, 1, &error);
    EXPECT_NE(error, "") << bad;
  }
  std::string error;
  read(std::string(5000, '2'), 100, &error);
  EXPECT_NE(error, "");
  error.clear();
  std::string endless;
  for (int i = 0; i < 300; ++i) endless += "250-x\r\n";
  read(endless, 1000, &error);
  EXPECT_NE(error, "");
}

}  // namespace
}  // namespace posthorn::wire::smtp
