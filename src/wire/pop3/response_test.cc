#include "wire/pop3/response.h"

#include <gtest/gtest.h>

namespace posthorn::wire::pop3 {
namespace {

using namespace std::string_literals;

TEST(Pop3Response, Replies) {
  EXPECT_EQ(format_reply(Reply::ok("")), "+OK\r\n");
  EXPECT_EQ(format_reply(Reply::ok("2 320")), "+OK 2 320\r\n");
  EXPECT_EQ(format_reply(Reply::err("no such message")), "-ERR no such message\r\n");
  EXPECT_EQ(format_reply(Reply::err("try later", Code::sys_temp)), "-ERR [SYS/TEMP] try later\r\n");
  EXPECT_EQ(format_reply(Reply::err("", Code::login_delay)), "-ERR [LOGIN-DELAY]\r\n");
}

TEST(Pop3Response, NoTextMakesALineOrACode) {
  EXPECT_EQ(format_reply(Reply::err("a\r\n+OK b\0\x80"s)), "-ERR a??+OK b??\r\n");
  EXPECT_EQ(format_reply(Reply::ok("[AUTH] x")), "+OK ?[AUTH] x\r\n");
  EXPECT_EQ(format_reply(Reply::ok(std::string(1000, 'x'))).size(), 512U);
}

TEST(Pop3Response, ChallengesAndListings) {
  EXPECT_EQ(format_challenge(""), "+ \r\n");
  EXPECT_EQ(format_challenge("Password:"), "+ UGFzc3dvcmQ6\r\n");
  EXPECT_EQ(scan_listing(3, 5'000'000'000), "3 5000000000");
  EXPECT_EQ(unique_id_listing(1, "a-1"), "1 a-1");
}

}  // namespace
}  // namespace posthorn::wire::pop3
