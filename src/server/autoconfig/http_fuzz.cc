// Feeds a client's octets to an HTTP session. For any requests, an answer in XML is well-formed,
// and the session says the same if the octets arrive one by one.

#include <libxml/parser.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "async/run.h"
#include "base/log.h"
#include "server/autoconfig/autoconfig.h"
#include "server/autoconfig/autodiscover.h"
#include "server/autoconfig/mobileconfig.h"
#include "server/autoconfig/route.h"
#include "server/frame/test_scripted_stream.h"
#include "server/http/exchange.h"
#include "server/http/router.h"
#include "server/http/session.h"

namespace posthorn::server::autoconfig {
namespace {

using async::Task;
using http::Exchange;
using http::Request;
using http::Response;

const Services kServices{.hostname = "mail.example.org",
                         .domains = {"example.org"},
                         .offered = {{Kind::imap, Protection::tls, 993},
                                     {Kind::pop3, Protection::starttls, 110},
                                     {Kind::submission, Protection::none, 587}},
                         .https_port = 443};

bool is_well_formed(const std::string& document) {
  xmlDoc* const parsed =
      xmlReadMemory(document.data(), static_cast<int>(document.size()), nullptr, nullptr,
                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  xmlFreeDoc(parsed);
  return parsed != nullptr;
}

Response checked(Response response) {
  if (response.body.starts_with("<?xml") && !is_well_formed(response.body)) std::abort();
  return response;
}

Response answer(const Request& request, std::string_view body) {
  if (request.method == "POST") return checked(answer_autodiscover(kServices, body));
  if (request.path == "/mobileconfig") return checked(answer_mobileconfig(kServices, request));
  if (request.path.starts_with("/auto")) return redirect_autodiscover(kServices, request);
  return checked(answer_autoconfig(kServices, request));
}

/// Streams the body back. It is gathered first, because its pieces depend on how it came.
Task<Status> echo(Exchange& exchange) {
  auto body = co_await exchange.read_all();
  if (!body) co_return pass(body);
  const Status begun = co_await exchange.begin({});
  if (begun) co_return co_await exchange.write(*body);
  co_return begun;
}

/// Leaves the body to the session.
Task<Status> ignore(Exchange& exchange) {
  return exchange.respond({.more = {{"X-Target", exchange.request().target}}});
}

/// Reads a part of it, within a limit of its own.
Task<Status> peek(Exchange& exchange) {
  exchange.limit_body(100);
  const auto piece = co_await exchange.read();
  if (!piece) co_return std::unexpected(piece.error());
  co_return co_await exchange.respond({.body = std::string(piece->substr(0, 1))});
}

http::Handler handler() {
  using Match = http::Route::Match;
  const http::Handler answers = http::answer_with(answer);
  http::Router router;
  router.mount(routes(kServices));
  router.mount({.path = "/echo", .methods = {"GET", "POST"}, .handler = echo});
  router.mount({.path = "/ignore", .methods = {"GET", "POST"}, .handler = ignore});
  router.mount({.path = "/peek", .match = Match::prefix, .methods = {"POST"}, .handler = peek});
  router.mount(
      {.path = "/", .match = Match::prefix, .methods = {"GET", "POST"}, .handler = answers});
  return std::move(router).handler();
}

/// Removes what depends on the clock, and the leave to go ahead: a client that sends its body at
/// once does not get one.
std::string comparable(std::string said) {
  const auto remove_all = [&](std::string_view begin, std::string_view end) {
    for (std::size_t at = said.find(begin); at != said.npos; at = said.find(begin, at))
      said.erase(at, said.find(end, at) + end.size() - at);
  };
  remove_all("Date: ", "GMT\r\n");
  remove_all("HTTP/1.1 100 Continue\r\n\r\n", "\r\n\r\n");
  return said;
}

std::string serve(const std::string& input, std::size_t step) {
  static const http::Handler answers = [] {
    log::set_level(log::Level::off);  // A line for each request would take most of the time.
    return handler();
  }();
  const frame::Connections connections;
  frame::CommandMeter meter({"request"});
  frame::ScriptedStream stream(input, step);
  http::Session session({.stream = stream,
                         .options = std::make_shared<const http::HttpOptions>(http::HttpOptions{
                             .handler = answers, .limits = {.header = 2048, .body = 4096}}),
                         .connections = connections,
                         .meter = meter});
  async::run_blocking(session.run());
  return comparable(stream.output());
}

}  // namespace
}  // namespace posthorn::server::autoconfig

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posthorn::server::autoconfig;
  if (size > 8192) return 0;
  const std::string input(reinterpret_cast<const char*>(data), size);
  if (serve(input, 1) != serve(input, size + 1)) std::abort();
  return 0;
}
