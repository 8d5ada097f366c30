#include "server/autoconfig/route.h"

#include <memory>

#include "server/autoconfig/autoconfig.h"
#include "server/autoconfig/autodiscover.h"
#include "server/autoconfig/mobileconfig.h"

namespace posthorn::server::autoconfig {
namespace {

using http::Request;
using http::Response;
using http::Route;

using Told = std::shared_ptr<const Services>;

/// Returns a handler that makes its response from the services and the request.
http::Handler handler(Told told, Response (*answer)(const Services&, const Request&)) {
  return http::answer_with(
      [told = std::move(told), answer](const Request& request, std::string_view) {
        return answer(*told, request);
      });
}

}  // namespace

std::vector<Route> routes(Services services) {
  const Told told = std::make_shared<const Services>(std::move(services));
  const std::string autodiscover = "/autodiscover/autodiscover.xml";
  return {
      {.path = "/mail/config-v1.1.xml", .handler = handler(told, answer_autoconfig)},
      {.path = "/.well-known/autoconfig/mail/config-v1.1.xml",
       .handler = handler(told, answer_autoconfig)},
      // workaround: Outlook versions differ in how they write it.
      {.path = autodiscover,
       .match = Route::Match::any_case,
       .handler = handler(told, redirect_autodiscover)},
      {.path = autodiscover,
       .match = Route::Match::any_case,
       .methods = {"POST"},
       .handler = http::answer_with([told](const Request&, std::string_view body) {
         return answer_autodiscover(*told, body);
       })},
      {.path = "/mobileconfig", .handler = handler(told, answer_mobileconfig)},
  };
}

}  // namespace posthorn::server::autoconfig
