#include <optional>
#include <utility>
#include <variant>

#include "auth/sasl/exchange.h"
#include "auth/secret_base64.h"
#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "text/base64.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;

/// Sends a challenge and returns the client's response; none once the session is over.
Task<std::optional<std::string>> ask(Session& session, std::string_view challenge) {
  {
    auto w = session.writer();
    wi::format_continuation(w, text::base64_encode(challenge));
  }
  auto next = co_await session.connection.next(wi::Receiver::Expect::line, session.patience());
  if (!next) {
    session.lost();
    co_return std::nullopt;
  }
  if (next->kind == Connection::Next::Kind::late) {
    session.bye_late();
    co_return std::nullopt;
  }
  if (next->kind == Connection::Next::Kind::stopping) {
    session.bye_stopping();
    co_return std::nullopt;
  }
  if (next->kind != Connection::Next::Kind::event ||
      next->event.kind != wi::ReceiverEvent::Kind::line) {
    session.bye(wi::CodeName::unavailable, "The authentication response is too long");
    co_return std::nullopt;
  }
  std::string line(next->event.text);
  session.connection.consume(next->event.consumed);
  co_return line;
}

Task<Reply> finish(Session& session, auth::Identity identity) {
  if (auto in = co_await session.log_in(std::move(identity)); !in) {
    co_return session.refuse(in.error());
  }
  co_return session.welcome();
}

Task<Reply> converse(Session& session, auth::Exchange& exchange, auth::Exchange::Outcome outcome) {
  while (true) {
    if (auto* identity = std::get_if<auth::Identity>(&outcome)) {
      co_return co_await finish(session, std::move(*identity));
    }
    if (auto* error = std::get_if<Error>(&outcome)) co_return session.refuse(*error);
    auto line = co_await ask(session, std::get<auth::Challenge>(outcome).bytes);
    if (!line) co_return Reply::no("The connection was lost during authentication");
    // RFC 9051 §6.2.2. workaround: eM Client sends a LOGOUT command instead. That is not base64, so
    // it ends the exchange as well.
    if (*line == "*") co_return Reply::bad("The authentication was cancelled");
    auto response = auth::secret_from_base64(*line);
    if (!response) co_return Reply::bad("The response is not valid base64");
    outcome = co_await exchange.respond(std::move(*response));
  }
}

Task<Reply> authenticate(Session& session, wi::AuthenticateCommand& command) {
  if (!session.is_offered("AUTH=" + command.mechanism)) {
    co_return Reply::no("This authentication mechanism is not available", wi::CodeName::cannot);
  }
  auth::Authenticator& authenticator = session.context.authenticator;
  auto mechanism = auth::make_mechanism(command.mechanism, session.channel(), authenticator.sasl());
  if (!mechanism) {
    if (mechanism.error().kind == ErrorKind::no_permission) {
      co_return Reply::no(mechanism.error().text, wi::CodeName::privacy_required);
    }
    co_return session.refuse(mechanism.error());
  }
  std::optional<auth::Secret> initial;
  if (command.initial_response) {
    initial = auth::secret_from_base64(*command.initial_response);
    if (!initial) co_return Reply::bad("The initial response is not valid base64");
  }
  auth::Exchange exchange(authenticator, std::move(*mechanism), session.source());
  auto outcome = co_await exchange.begin(std::move(initial));
  co_return co_await converse(session, exchange, std::move(outcome));
}

}  // namespace

// RFC 9051 §6.2.2, RFC 4959.
CommandTask cmd_authenticate(Session& session, wi::AuthenticateCommand& command) {
  co_return session.judge_login(co_await authenticate(session, command));
}

}  // namespace posthorn::server::imap
