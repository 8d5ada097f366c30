#pragma once

#include <string>
#include <string_view>

#include "auth/sasl/sasl.h"

namespace posthorn::auth {

/// Prepares a user name from a mechanism with SASLprep as a query (RFC 4616 §2, RFC 5802 §5.1).
/// Returns none if that fails, if the result is empty, or if the name has more than 255 octets.
std::optional<std::string> prepare_name(std::string_view name);

/// Decodes a saslname (RFC 5802 §7, RFC 5801 §4: '=2C' is a comma, '=3D' an equals sign), and
/// applies prepare_name().
std::optional<std::string> parse_saslname(std::string_view escaped);

/// RFC 4616.
class PlainMechanism final : public Mechanism {
 public:
  [[nodiscard]] std::string_view name() const override { return "PLAIN"; }

 private:
  Step on_response(std::string_view response) override;
  Step on_verdict(Verdict verdict) override;

  std::string user_;
  std::string act_as_;
};

/// The LOGIN mechanism, with the prompts that draft-murchison-sasl-login-00 §2.2 gives for one old
/// client. The user name may come as initial response, as Outlook sends it.
class LoginMechanism final : public Mechanism {
 public:
  [[nodiscard]] std::string_view name() const override { return "LOGIN"; }

 private:
  [[nodiscard]] std::string_view opening() const override { return "Username:"; }
  Step on_response(std::string_view response) override;
  Step on_verdict(Verdict verdict) override;

  std::string user_;
};

/// The last step of `user`, who asked for the identity `act_as`; it is empty for his own.
inline Step authenticated(std::string user, std::string act_as) {
  if (act_as.empty()) act_as = user;
  return Done{std::move(user), std::move(act_as)};
}

}  // namespace posthorn::auth
