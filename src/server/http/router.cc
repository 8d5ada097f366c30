#include "server/http/router.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "server/http/exchange.h"
#include "text/ascii.h"

namespace posthorn::server::http {
namespace {

bool is_below(std::string_view path, std::string_view prefix) {
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

bool matches(const Route& route, std::string_view path) {
  switch (route.match) {
    case Route::Match::exact: return path == route.path;
    case Route::Match::any_case: return text::iequals(path, route.path);
    case Route::Match::prefix: return is_below(path, route.path);
  }
  return false;
}

/// The higher one of two routes that match wins.
std::size_t rank_of(const Route& route) {
  return route.path.size() * 2 + (route.match == Route::Match::prefix ? 0 : 1);
}

Response wrong_method(const std::vector<const Route*>& routes) {
  std::string allowed;
  for (const Route* const route : routes) {
    for (const std::string& method : route->methods) {
      if (!allowed.empty()) allowed += ", ";
      allowed += method == "GET" ? "GET, HEAD" : method;
    }
  }
  Response response =
      refusal(StatusCode::method_not_allowed, "This method is not allowed for this resource.");
  response.more.push_back({"Allow", allowed});
  return response;
}

// The function object that calls it holds the answer, and outlives the task.
async::Task<Status> read_and_answer(const Answer& answer, Exchange& exchange) {
  auto body = co_await exchange.read_all();
  if (!body) co_return pass(body);
  co_return co_await exchange.respond(answer(exchange.request(), *body));
}

}  // namespace

void Router::mount(std::vector<Route> routes) {
  std::ranges::move(routes, std::back_inserter(routes_));
}

Handler Router::handler() && {
  return [router = std::make_shared<const Router>(std::move(*this))](Exchange& exchange) {
    return router->serve(exchange);
  };
}

async::Task<Status> Router::serve(Exchange& exchange) const {
  std::size_t best = 0;
  std::vector<const Route*> found;
  for (const Route& route : routes_) {
    if (!matches(route, exchange.request().path) || rank_of(route) < best) continue;
    if (rank_of(route) > best) found.clear();
    best = rank_of(route);
    found.push_back(&route);
  }
  if (found.empty())
    co_return co_await exchange.respond(
        refusal(StatusCode::not_found, "There is no such resource."));
  for (const Route* const route : found)
    if (std::ranges::find(route->methods, exchange.request().method) != route->methods.end())
      co_return co_await route->handler(exchange);
  co_return co_await exchange.respond(wrong_method(found));
}

Handler answer_with(Answer answer) {
  return [answer = std::move(answer)](Exchange& exchange) {
    return read_and_answer(answer, exchange);
  };
}

}  // namespace posthorn::server::http
