#include "server/autoconfig/route.h"

#include "server/autoconfig/autoconfig.h"
#include "server/autoconfig/autodiscover.h"
#include "server/autoconfig/mobileconfig.h"
#include "text/ascii.h"

namespace posthorn::server::autoconfig {
namespace {

using http::Method;
using http::refusal;
using http::Request;
using http::Response;
using http::StatusCode;

using Handler = Response (*)(const Services&, const Request&);

/// For load balancers, which only check that there is an answer.
Response answer_health(const Services&, const Request&) { return {.body = "ok\n"}; }

/// The resources and their handlers by method; null if the method is not allowed.
struct Route {
  std::string_view path;
  Handler on_get = nullptr;
  Handler on_post = nullptr;
  bool any_case = false;  ///< The case of the path's letters is ignored.
};

constexpr std::array kRoutes{
    Route{.path = "/mail/config-v1.1.xml", .on_get = answer_autoconfig},
    Route{.path = "/.well-known/autoconfig/mail/config-v1.1.xml", .on_get = answer_autoconfig},
    // workaround: Outlook versions differ in how they write it.
    Route{.path = "/autodiscover/autodiscover.xml",
          .on_get = redirect_autodiscover,
          .on_post = answer_autodiscover,
          .any_case = true},
    Route{.path = "/mobileconfig", .on_get = answer_mobileconfig},
    Route{.path = "/health", .on_get = answer_health},
};

const Route* find_route(std::string_view path) {
  for (const Route& route : kRoutes)
    if (route.any_case ? text::iequals(route.path, path) : route.path == path) return &route;
  return nullptr;
}

Handler handler_of(const Route& route, Method method) {
  switch (method) {
    case Method::get:
    case Method::head: return route.on_get;
    case Method::post: return route.on_post;
    case Method::other: return nullptr;
  }
  return nullptr;
}

Response wrong_method(const Route& route) {
  Response response =
      refusal(StatusCode::method_not_allowed, "This method is not allowed for this resource.");
  std::string allowed = route.on_get != nullptr ? "GET, HEAD" : "";
  if (route.on_post != nullptr) allowed += allowed.empty() ? "POST" : ", POST";
  response.more.push_back({"Allow", allowed});
  return response;
}

}  // namespace

Response answer(const Services& services, const Request& request) {
  const Route* const route = find_route(request.path);
  if (route == nullptr) return refusal(StatusCode::not_found, "There is no such resource.");
  const Handler handler = handler_of(*route, request.method);
  return handler == nullptr ? wrong_method(*route) : handler(services, request);
}

}  // namespace posthorn::server::autoconfig
