#pragma once

#include <string>

#include "auth/sasl/sasl_client.h"

namespace posthorn::auth {

/// The client side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS: RFC 5802 with the hash of RFC 7677.
class ScramClient final : public ClientMechanism {
 public:
  enum class Binding : std::uint8_t {
    none,         ///< This connection has no channel bindings.
    not_offered,  ///< It has, but the server does not offer -PLUS.
    used,         ///< `binding_data` is that of tls-exporter (RFC 9266).
  };
  /// `nonce`: fresh, random and printable, without a comma. Only tests choose it. `login` must
  /// outlive this object.
  ScramClient(const Login& login, Binding binding, std::string binding_data, std::string nonce);
  [[nodiscard]] std::string_view name() const override;
  std::optional<Secret> initial() override;
  Result<Secret> respond(std::string_view challenge) override;
  [[nodiscard]] bool is_complete() const override { return expects_ == Expects::nothing; }

 private:
  enum class Expects : std::uint8_t { first, final, nothing };
  Result<Secret> answer_first(std::string_view message);
  Result<Secret> check_final(std::string_view message);
  [[nodiscard]] std::string_view gs2_header() const;

  const Login& login_;
  const Binding binding_;
  const std::string binding_data_;
  const std::string nonce_;
  std::string first_bare_;
  std::string signature_;  ///< In base64: the proof expected from the server.
  Expects expects_ = Expects::first;
};

}  // namespace posthorn::auth
