#include "server/http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/http/exchange.h"
#include "server/http/test_play.h"

namespace posthorn::server::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Handler say(const std::string& text) {
  return answer_with([text](const Request& request, std::string_view body) {
    return Response{.body = fmt::format("<{} {} {} {}>", text, request.method, request.path, body)};
  });
}

Handler router() {
  Router router;
  router.mount({.path = "/a", .handler = say("exact")});
  router.mount({.path = "/a", .match = Route::Match::prefix, .handler = say("below a")});
  router.mount({.path = "/a/b", .match = Route::Match::prefix, .handler = say("below b")});
  router.mount({.path = "/Case", .match = Route::Match::any_case, .handler = say("case")});
  router.mount(
      std::vector<Route>{{.path = "/two", .handler = say("get")},
                         {.path = "/two", .methods = {"POST", "PUT"}, .handler = say("put")},
                         {.path = "/only", .methods = {"REPORT"}, .handler = say("dav")}});
  return std::move(router).handler();
}

std::string ask(const std::string& method, const std::string& path) {
  return play(fmt::format("{} {} HTTP/1.1\r\nHost: h\r\n\r\n", method, path),
              {.handler = router()});
}

TEST(Router, ChoosesTheClosestRoute) {
  EXPECT_THAT(ask("GET", "/a"), HasSubstr("<exact GET /a >"));
  EXPECT_THAT(ask("GET", "/a/x/y"), HasSubstr("<below a GET /a/x/y >"));
  EXPECT_THAT(ask("GET", "/a/"), HasSubstr("<below a"));
  EXPECT_THAT(ask("GET", "/a/b"), HasSubstr("<below b"));
  EXPECT_THAT(ask("GET", "/a/b/c?q"), HasSubstr("<below b"));
  EXPECT_THAT(ask("GET", "/a/bc"), HasSubstr("<below a"));
  EXPECT_THAT(ask("GET", "/cASE"), HasSubstr("<case"));
  for (const char* path : {"/", "/A", "/ab", "/casé", "/two/"})
    EXPECT_THAT(ask("GET", path), Not(HasSubstr("<"))) << path;
  EXPECT_THAT(ask("GET", "/ab"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
}

TEST(Router, MatchesEverythingWithASlash) {
  Router all;
  all.mount({.path = "/", .match = Route::Match::prefix, .handler = say("all")});
  const Handler handler = std::move(all).handler();
  for (const std::string path : {"/", "/x", "/x/y"})
    EXPECT_THAT(play("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n", {.handler = handler}),
                HasSubstr("<all"));
}

TEST(Router, ChoosesByMethod) {
  EXPECT_THAT(ask("GET", "/two"), HasSubstr("<get"));
  EXPECT_THAT(ask("PUT", "/two"), HasSubstr("<put PUT"));
  EXPECT_THAT(ask("REPORT", "/only"), HasSubstr("<dav REPORT"));
  const std::string wrong = ask("DELETE", "/two");
  EXPECT_THAT(wrong, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_THAT(wrong, HasSubstr("Allow: GET, HEAD, POST, PUT\r\n"));
  EXPECT_THAT(ask("GET", "/only"), HasSubstr("Allow: REPORT\r\n"));
  EXPECT_THAT(ask("get", "/two"), StartsWith("HTTP/1.1 405 "));  // The case matters.
  EXPECT_THAT(ask("HEAD", "/only"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(ask("HEAD", "/two"), StartsWith("HTTP/1.1 200 "));
}

TEST(Router, AnswersWithTheBody) {
  const std::string head = "POST /two HTTP/1.1\r\nHost: h\r\nContent-Length: ";
  EXPECT_THAT(play(head + "3\r\n\r\nabc", {.handler = router()}), HasSubstr("<put POST /two abc>"));
  EXPECT_THAT(play(head + "5\r\n\r\nabcde", {.handler = router(), .limits = {.body = 4}}),
              StartsWith("HTTP/1.1 413 "));
}

}  // namespace
}  // namespace posthorn::server::http
