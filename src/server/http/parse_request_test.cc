#include "server/http/parse_request.h"

#include <gtest/gtest.h>

namespace posthorn::server::http {
namespace {

constexpr RequestLimits kLimits{.header = 512, .fields = 8};

std::expected<RequestHead, Response> parse(const std::string& head) {
  EXPECT_EQ(find_head_end(head + "rest"), head.size()) << head;
  return parse_head(head, kLimits);
}

RequestHead parsed(const std::string& head) {
  auto out = parse(head);
  EXPECT_TRUE(out) << head;
  return out ? std::move(*out) : RequestHead();
}

unsigned refused(const std::string& head) {
  const auto out = parse(head);
  return out ? 0 : static_cast<unsigned>(out.error().status);
}

TEST(ParseRequest, FindsTheEndHoweverItComes) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  std::string input;
  for (const char c : head) {
    EXPECT_EQ(find_head_end(input, input.empty() ? 0 : input.size() - 1), 0U);
    input += c;
  }
  EXPECT_EQ(find_head_end(input, input.size() - 1), head.size());
}

TEST(ParseRequest, ReadsTargetAndFields) {
  const RequestHead head = parsed(
      "POST /a%20b?x=1%2B1&Y=a+b%26c HTTP/1.1\r\nHost: h\r\ncontent-LENGTH: 5\r\n"
      "X-Two: 1\r\nX-Two: 2\r\nX-Empty:\r\n\r\n");
  EXPECT_EQ(head.request.method, "POST");
  EXPECT_EQ(head.request.target, "/a%20b?x=1%2B1&Y=a+b%26c");
  EXPECT_EQ(head.request.path, "/a b");
  EXPECT_EQ(head.request.query, (std::vector<Field>{{"x", "1+1"}, {"Y", "a+b&c"}}));
  ASSERT_NE(head.request.header("x-tWo"), nullptr);
  EXPECT_EQ(*head.request.header("x-tWo"), "1");
  EXPECT_EQ(head.request.headers.size(), 5U);
  EXPECT_EQ(*head.request.header("X-Empty"), "");
  EXPECT_EQ(head.request.header("X"), nullptr);
  EXPECT_EQ(head.body.length, 5U);
  EXPECT_FALSE(head.body.chunked);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.is_http_1_0);
}

TEST(ParseRequest, TakesTheAbsoluteFormAndOtherMethods) {
  const RequestHead absolute = parsed("GET http://h/p?q=1 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(absolute.request.path, "/p");
  EXPECT_EQ(parsed("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n").request.path, "/");
  EXPECT_EQ(parsed("PROPFIND / HTTP/1.1\r\nHost: h\r\n\r\n").request.method, "PROPFIND");
  EXPECT_EQ(parsed("get / HTTP/1.1\r\nHost: h\r\n\r\n").request.method, "get");
  const RequestHead head = parsed("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(head.is_head);
  EXPECT_EQ(head.request.method, "GET");
}

TEST(ParseRequest, KnowsWhenToHangUp) {
  EXPECT_FALSE(parsed("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(parsed("GET / HTTP/1.0\r\n\r\n").keep_alive);
  const RequestHead old = parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(old.keep_alive);
  EXPECT_TRUE(old.is_http_1_0);
}

TEST(ParseRequest, ExpectsOnlyWithABody) {
  const std::string expect = "Host: h\r\nExpect: 100-Continue\r\n";
  EXPECT_TRUE(
      parsed("POST / HTTP/1.1\r\n" + expect + "Content-Length: 1\r\n\r\n").expects_continue);
  EXPECT_FALSE(parsed("POST / HTTP/1.1\r\n" + expect + "\r\n").expects_continue);
  EXPECT_FALSE(
      parsed("POST / HTTP/1.0\r\n" + expect + "Content-Length: 1\r\n\r\n").expects_continue);
}

TEST(ParseRequest, RefusesWhatIsNoRequest) {
  EXPECT_EQ(refused("EHLO example.org\r\n\r\n"), 400U);
  EXPECT_EQ(refused("GET  / HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), 400U);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400U);
  EXPECT_EQ(refused("GET x HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(refused("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(refused("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(refused("CONNECT h:25 HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(refused("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505U);
  EXPECT_EQ(refused(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15)), 400U);
}

TEST(ParseRequest, RefusesWhatOthersMayReadDifferently) {
  for (const char* field : {"X : y", " X: y", "X: y\r\n folded", "X: y\r\n\tfolded", "X", ": y",
                            "X: y\nZ: z", "X: y\rZ: z", "X: a\x01z"})
    EXPECT_EQ(refused(std::string("GET / HTTP/1.1\r\nHost: h\r\n") + field + "\r\n\r\n"), 400U)
        << field;
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n Host: h\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(refused("GET /\nHost: h HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
}

// If the end of a body could be found in two ways (RFC 9112 §6.3).
TEST(ParseRequest, RefusesTwoLengths) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(refused(head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), 400U);
  EXPECT_EQ(refused(head + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"), 400U);
  EXPECT_EQ(refused(head + "Content-Length: 3\r\nTransfer-Encoding: xchunked\r\n\r\n"), 400U);
  EXPECT_EQ(refused(head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n"), 400U);
  EXPECT_EQ(refused(head + "Content-Length: 3, 4\r\n\r\n"), 400U);
  for (const char* bad : {"-1", "+1", "0x1", "", "1 1", "18446744073709551616"})
    EXPECT_EQ(refused(head + "Content-Length: " + bad + "\r\n\r\n"), 400U) << bad;
  EXPECT_EQ(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400U);
  for (const char* unknown :
       {"gzip", "gzip, chunked", "chunked, chunked", "identity", "\"chunked\"",
        "chunked\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding: identity"}) {
    const unsigned code = refused(head + "Transfer-Encoding: " + unknown + "\r\n\r\n");
    EXPECT_TRUE(code == 501U || code == 400U) << code << ' ' << unknown;
  }
  EXPECT_TRUE(parsed(head + "Transfer-Encoding: Chunked\r\n\r\n").body.chunked);
}

TEST(ParseRequest, RefusesPathsThatLeadUp) {
  for (const char* path :
       {"/..", "/a/../b", "/a/%2e%2E/b", "/a/./b", "/.", "/a/%2E", "//../a", "/a%2f..%2fb"})
    EXPECT_EQ(refused(std::string("GET ") + path + " HTTP/1.1\r\nHost: h\r\n\r\n"), 400U) << path;
  EXPECT_EQ(parsed("GET /.well-known/...x?a=../b HTTP/1.1\r\nHost: h\r\n\r\n").request.path,
            "/.well-known/...x");
}

TEST(ParseRequest, IsBounded) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(refused(head + "X: " + std::string(512, 'a') + "\r\n\r\n"), 431U);
  std::string fields;
  for (int i = 0; i < 7; ++i) fields += "X: y\r\n";
  EXPECT_EQ(refused(head + fields + "\r\n"), 0U);
  EXPECT_EQ(refused(head + fields + "X: y\r\n\r\n"), 431U);
}

}  // namespace
}  // namespace posthorn::server::http
