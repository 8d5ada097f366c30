#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "async/task.h"
#include "auth/authenticator.h"
#include "auth/sasl/sasl.h"

namespace posthorn::auth {

/// One SASL authentication as a protocol uses it: the protocol only transports challenges and
/// responses, and the look-ups are done here. If the client aborts ('*', RFC 9051 §6.2.2), destroy
/// the exchange.
class Exchange {
 public:
  /// `authenticator` must outlive this object.
  Exchange(Authenticator& authenticator, std::unique_ptr<Mechanism> mechanism, Source source);

  /// A challenge to send, the authenticated user, or an error: syntax, auth_failed, no_permission,
  /// unavailable, or one of the directory.
  using Outcome = std::variant<Challenge, Identity, Error>;
  /// `initial`: the initial response, decoded from base64 (RFC 4959: "=" is an empty response).
  async::Task<Outcome> begin(std::optional<Secret> initial);
  async::Task<Outcome> respond(Secret response);

 private:
  async::Task<Outcome> carry_on(Step step);
  async::Task<std::variant<Step, Error>> look_up_keys(NeedKeys need);
  async::Task<std::variant<Step, Error>> judge_password(NeedVerdict need);
  async::Task<std::variant<Step, Error>> judge_token(NeedToken need);
  async::Task<Outcome> finish(Done done);

  Authenticator& authenticator_;
  const std::unique_ptr<Mechanism> mechanism_;
  Source source_;
  std::optional<Throttle::Attempt> turn_;
  std::optional<LoginRecord> record_;
  std::string user_;
  std::uint64_t app_password_ = 0;  ///< What was used; 0: the password of the account, or a token.
  std::string act_as_;              ///< The user named in "user*master".
  std::optional<std::int64_t> expires_;  ///< Identity::expires.
  std::size_t said_octets_ = 0;          ///< Length of the last response, for the log.
};

}  // namespace posthorn::auth
