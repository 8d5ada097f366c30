#include "app/http_routes.h"

#include "server/autoconfig/route.h"
#include "server/http/router.h"

namespace posthorn::app {
namespace {

using server::http::Request;
using server::http::Response;
using server::http::Router;

/// For load balancers, which only check that there is an answer.
Response answer_health(const Request&, std::string_view) { return {.body = "ok\n"}; }

}  // namespace

server::http::HttpOptions http_options(server::autoconfig::Services told) {
  Router router;
  router.mount({.path = "/health", .handler = server::http::answer_with(answer_health)});
  router.mount(server::autoconfig::routes(std::move(told)));
  return {.handler = std::move(router).handler()};
}

}  // namespace posthorn::app
