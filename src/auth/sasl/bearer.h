#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/sasl/sasl.h"

namespace posthorn::auth {

/// OAUTHBEARER (RFC 7628) and XOAUTH2, its predecessor by Google, which most clients support. The
/// client sends a token. A refused token is answered with a challenge that gives the reason in
/// JSON, and the client's response to that, whatever it is, ends the exchange (RFC 7628 §3.2.3).
class BearerMechanism final : public Mechanism {
 public:
  enum class Variant : std::uint8_t { oauthbearer, xoauth2 };
  explicit BearerMechanism(Variant variant) : variant_(variant) {}
  [[nodiscard]] std::string_view name() const override;

 private:
  Step on_response(std::string_view response) override;
  Step on_token(TokenVerdict verdict) override;
  [[nodiscard]] std::size_t max_response() const override;

  const Variant variant_;
  std::string claimed_;
  bool refused_ = false;  ///< The challenge with the refusal has been sent.
};

}  // namespace posthorn::auth
