#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/sasl/sasl.h"

namespace posthorn::auth {

/// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS: RFC 5802 with the hash of RFC 7677. The channel binding
/// types are tls-exporter (RFC 9266) and tls-server-end-point (RFC 5929). tls-unique is not
/// supported: it is undefined for TLS 1.3, and secure in earlier versions only with additional
/// measures.
class ScramMechanism final : public Mechanism {
 public:
  static constexpr std::size_t kNonceOctets = 18;
  enum class Variant : std::uint8_t { bare, plus };

  /// `nonce` is the server's part: fresh, random and printable, without a comma. Only tests choose
  /// it.
  ScramMechanism(Variant variant, ChannelBindings bindings, const SaslPolicy& policy,
                 std::string nonce);
  [[nodiscard]] std::string_view name() const override;

 private:
  enum class Expects : std::uint8_t { first, final, nothing_more };

  Step on_response(std::string_view response) override;
  Step on_keys(std::optional<ScramKeys> keys) override;
  Step on_first(std::string_view message);
  Step on_final(std::string_view message);
  /// Checks the gs2-cbind-flag (RFC 5802 §6). Returns none if the exchange may go on.
  std::optional<Refusal> judge_binding(std::string_view flag);
  [[nodiscard]] ScramKeys decoy_keys() const;

  const Variant variant_;
  const ChannelBindings bindings_;
  const SaslPolicy& policy_;
  std::string nonce_;  ///< From client-first on: the client's part followed by the server's.

  Expects expects_ = Expects::first;
  std::string binding_input_;  ///< The cbind-input of RFC 5802 §7.
  std::string client_first_bare_;
  std::string server_first_;
  std::string user_;
  std::string act_as_;
  ScramKeys keys_;
  bool known_ = false;
};

}  // namespace posthorn::auth
