#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/http_options.h"
#include "server/http/message.h"

namespace posthorn::server::http {

/// A resource, or a tree of them, and the handler of some of its methods.
struct Route {
  enum class Match : std::uint8_t {
    exact,
    any_case,  ///< Ignores the case of ASCII letters.
    /// "/dav" matches "/dav" and all that begins with "/dav/". "/" matches everything.
    prefix,
  };
  std::string path;  ///< Percent-decoded, with a slash at the front.
  Match match = Match::exact;
  /// In capitals. GET includes HEAD, which the handler sees as GET (Request::method).
  std::vector<std::string> methods = {"GET"};
  Handler handler;
};

/// Chooses the handler for a request by its path and method. The longest path that matches wins,
/// and a route that is not a prefix wins over one that is. Several routes may have the same path
/// and different methods. If there is no route, the client gets 404; if there is none for its
/// method, 405 with Allow (RFC 9110 §15.5.6).
class Router {
 public:
  void mount(Route route) { routes_.push_back(std::move(route)); }
  void mount(std::vector<Route> routes);
  /// Returns the handler for HttpOptions, which contains all routes.
  [[nodiscard]] Handler handler() &&;

 private:
  [[nodiscard]] async::Task<Status> serve(Exchange& exchange) const;

  std::vector<Route> routes_;
};

/// Makes the response to a request with its whole body. Must be short and must not block.
using Answer = std::function<Response(const Request&, std::string_view body)>;

/// Returns a handler that reads the body, within RequestLimits::body, and sends the answer to it.
/// For resources that need to await nothing.
Handler answer_with(Answer answer);

}  // namespace posthorn::server::http
