#include <optional>
#include <utility>
#include <variant>

#include "auth/sasl/exchange.h"
#include "auth/secret_base64.h"
#include "server/pop3/commands.h"
#include "server/pop3/session.h"

namespace posthorn::server::pop3 {
namespace {

using async::Task;
using wire::pop3::Reply;

/// workaround: Outlook and all clients older than CAPA send AUTH alone to request the list, some
/// with a trailing space.
void list_mechanisms(Session& session) {
  session.say(Reply::ok("Authentication mechanisms follow"));
  for (const std::string_view name :
       auth::offered_mechanisms(session.channel(), session.context.authenticator.sasl()))
    session.talk.say(std::string(name) + "\r\n");
  session.talk.say(wire::pop3::kEndOfList);
}

Task<void> converse(Session& session, auth::Exchange& exchange, auth::Exchange::Outcome outcome) {
  while (true) {
    if (auto* identity = std::get_if<auth::Identity>(&outcome))
      co_return co_await session.log_in(std::move(*identity));
    if (auto* error = std::get_if<Error>(&outcome)) co_return session.refuse(*error);
    session.talk.say(wire::pop3::format_challenge(std::get<auth::Challenge>(outcome).bytes));
    auto line = co_await session.next_line();
    if (!line) co_return;
    if (*line == "*") co_return session.say(Reply::err("The authentication was cancelled"));
    auto response = auth::secret_from_base64(*line);
    if (!response) co_return session.say(Reply::err("The response is not valid base64"));
    outcome = co_await exchange.respond(std::move(*response));
  }
}

}  // namespace

// RFC 5034 §4.
CommandTask cmd(Session& session, wire::pop3::Auth& command) {
  if (command.mechanism.empty()) co_return list_mechanisms(session);
  auth::Authenticator& authenticator = session.context.authenticator;
  auto mechanism = auth::make_mechanism(command.mechanism, session.channel(), authenticator.sasl());
  // Without [AUTH], because another password would not help.
  if (!mechanism) co_return session.say(Reply::err(mechanism.error().text));
  std::optional<auth::Secret> initial;
  if (command.initial_response) {
    // "=" is an empty response.
    if (*command.initial_response == "=") command.initial_response->clear();
    initial = auth::secret_from_base64(*command.initial_response);
    if (!initial) co_return session.say(Reply::err("The initial response is not valid base64"));
  }
  auth::Exchange exchange(authenticator, std::move(*mechanism), session.source());
  auto outcome = co_await exchange.begin(std::move(initial));
  co_await converse(session, exchange, std::move(outcome));
}

}  // namespace posthorn::server::pop3
