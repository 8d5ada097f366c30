#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "auth/sasl/sasl.h"
#include "auth/secret.h"
#include "base/result.h"

/// The client side of SASL mechanisms (RFC 4422) without I/O, for logging in to a relay.
namespace posthorn::auth {

struct Login {
  std::string user;
  Secret password;
};

/// One authentication: what it answers goes to the server in the protocol's base64. Not to be used
/// again after an error.
class ClientMechanism {
 public:
  virtual ~ClientMechanism() = default;
  /// As registered, e.g. "SCRAM-SHA-256".
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// The initial response (RFC 4954 §4); none where the server speaks first.
  virtual std::optional<Secret> initial() = 0;
  /// The answer to a challenge. Errors: syntax; auth_failed when the server has not proved to know
  /// the password. May take a second with SCRAM: best not on a network thread.
  virtual Result<Secret> respond(std::string_view challenge) = 0;
  /// Whether a success said now may be believed: with SCRAM, only after the server's proof.
  [[nodiscard]] virtual bool is_complete() const = 0;
};

/// The best mechanism of those offered (names in capitals): SCRAM-SHA-256-PLUS, SCRAM-SHA-256,
/// PLAIN, LOGIN; the last two only where plain text is allowed. Null when none can be used.
/// `login` must outlive it.
std::unique_ptr<ClientMechanism> choose_mechanism(std::span<const std::string> offered,
                                                  const Login& login, Plaintext plaintext,
                                                  ChannelBindings bindings);

}  // namespace posthorn::auth
