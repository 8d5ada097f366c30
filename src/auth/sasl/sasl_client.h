#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "auth/sasl/sasl.h"
#include "auth/secret.h"
#include "base/result.h"

/// The client side of SASL mechanisms (RFC 4422) without I/O, used to log in to a relay.
namespace posthorn::auth {

struct Login {
  std::string user;
  Secret password;
};

/// One authentication. Its responses are sent to the server in the protocol's base64. Must not be
/// used again after an error.
class ClientMechanism {
 public:
  virtual ~ClientMechanism() = default;
  /// The registered name, e.g. "SCRAM-SHA-256".
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// The initial response (RFC 4954 §4); none if the server sends the first message.
  virtual std::optional<Secret> initial() = 0;
  /// Answers a challenge. Errors: syntax; auth_failed if the server has not proved that it knows
  /// the password. With SCRAM this may take a second: avoid calling it on a network thread.
  virtual Result<Secret> respond(std::string_view challenge) = 0;
  /// Returns whether a success reply can be trusted now. With SCRAM that is only after the server's
  /// proof.
  [[nodiscard]] virtual bool is_complete() const = 0;
};

/// Chooses the best of the offered mechanisms (names in upper case): SCRAM-SHA-256-PLUS,
/// SCRAM-SHA-256, PLAIN, LOGIN; the last two only where plain text is allowed. Null if none is
/// usable. `login` must outlive it.
std::unique_ptr<ClientMechanism> choose_mechanism(std::span<const std::string> offered,
                                                  const Login& login, Plaintext plaintext,
                                                  ChannelBindings bindings);

}  // namespace posthorn::auth
