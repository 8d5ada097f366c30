#pragma once

#include <string>
#include <string_view>

#include "auth/sasl/sasl.h"

namespace posthorn::auth {

/// A user name as a mechanism brings it, through SASLprep as a query (RFC 4616 §2, RFC 5802 §5.1).
/// None when that fails, leaves nothing, or the name is over 255 octets.
std::optional<std::string> prepare_name(std::string_view name);

/// A saslname (RFC 5802 §7, RFC 5801 §4: '=2C' is a comma, '=3D' an equals sign), then
/// prepare_name().
std::optional<std::string> parse_saslname(std::string_view escaped);

/// RFC 4616.
class PlainMechanism final : public Mechanism {
 public:
  explicit PlainMechanism(const SaslPolicy& policy) : policy_(policy) {}
  [[nodiscard]] std::string_view name() const override { return "PLAIN"; }

 private:
  Step on_response(std::string_view response) override;
  Step on_verdict(Verdict verdict) override;

  const SaslPolicy& policy_;
  std::string user_;
  std::string act_as_;
};

/// The prompts are those that draft-murchison-sasl-login-00 §2.2 names for the sake of one old
/// client. A user name may come as initial response (Outlook does so).
class LoginMechanism final : public Mechanism {
 public:
  [[nodiscard]] std::string_view name() const override { return "LOGIN"; }

 private:
  [[nodiscard]] std::string_view opening() const override { return "Username:"; }
  Step on_response(std::string_view response) override;
  Step on_verdict(Verdict verdict) override;

  std::string user_;
};

/// Who the client acts as, given what it asked for (empty: as itself).
Step authorize(const SaslPolicy& policy, std::string user, std::string act_as);

}  // namespace posthorn::auth
