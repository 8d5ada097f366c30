#include <charconv>

#include "admin/local_admin.h"
#include "auth/session_limits.h"
#include "service/account_name.h"

// The requests about sessions, which need a running server.
namespace posthorn::admin {
namespace {

constexpr std::string_view kEnded = "An administrator has ended this session";

std::unexpected<Error> no_server() {
  return fail(ErrorKind::unavailable, "no server is running, so there are no sessions");
}

/// Returns a session's number as it is in log lines and lists; 0 if the text is none.
std::uint64_t session_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

Json to_json(const auth::SessionView& session) {
  return {{"session", fmt::format("{:x}", session.session)},
          {"protocol", session.protocol},
          {"user", session.user},
          {"peer", session.peer},
          {"since", session.since},
          {"in", session.octets_in},
          {"out", session.octets_out},
          {"tls", session.tls}};
}

}  // namespace

async::Task<Result<Answer>> LocalAdmin::list_sessions(Json request) {
  if (options_.sessions == nullptr) co_return no_server();
  std::optional<AccountId> account;
  if (request.contains("name")) {
    auto id = co_await find(text_of(request, "name"));
    if (!id) co_return pass(id);
    account = *id;
  }
  boost::json::array list;
  for (const auth::SessionView& session : co_await options_.sessions->sessions(account))
    list.push_back(to_json(session));
  co_return Answer{{{"sessions", std::move(list)}}};
}

async::Task<Result<Answer>> LocalAdmin::kick(Json request) {
  if (options_.sessions == nullptr) co_return no_server();
  const std::string who(text_of(request, "who"));
  auto account = co_await find(who);
  if (account) co_return Answer{{{"ended", options_.sessions->end_sessions(*account, kEnded)}}};
  if (account.error().kind != ErrorKind::not_found) co_return pass(account);
  std::optional<std::string> user;
  if (const std::uint64_t number = session_number(who); number != 0)
    user = co_await options_.sessions->end_session(number, kEnded);
  if (!user)
    co_return fail(ErrorKind::not_found, fmt::format("there is no account or session '{}'", who));
  co_return Answer{{{"ended", 1}, {"user", *user}}};
}

async::Task<Result<Answer>> LocalAdmin::trace(Json request) {
  if (!options_.trace) co_return no_server();
  const std::string name = service::normal_name(text_of(request, "name"));
  auto id = co_await find(name);
  if (!id) co_return pass(id);
  const std::uint64_t seconds = number_of(request, "seconds");
  if (seconds == 0 || seconds > kLongestTrace)
    co_return fail(ErrorKind::bad_argument, "a trace lasts from a second to a day");
  auto file = co_await options_.trace(*id, name, std::chrono::seconds(seconds));
  if (!file) co_return pass(file);
  co_return Answer{{{"file", *file}}};
}

}  // namespace posthorn::admin
