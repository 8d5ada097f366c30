#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/credentials.h"
#include "auth/secret.h"
#include "auth/token/token.h"
#include "base/result.h"

/// The server side of SASL mechanisms (RFC 4422) without I/O: responses already freed of the
/// protocol's base64 go in, steps come out.
namespace posthorn::auth {

/// Longer responses are malformed: PLAIN of three names at their limit fits.
constexpr std::size_t kMaxResponseOctets = 4096;

/// Send these bytes and give the client's answer to respond(). May be empty. IMAP and SMTP have no
/// place for data beside success, so the last message of SCRAM is a challenge as well, which the
/// client answers with an empty response (RFC 4422 §5, point 2b).
struct Challenge {
  std::string bytes;
};
/// Look up the keys of `user` and give them to provide_keys().
struct NeedKeys {
  std::string user;
};
/// Check the password and say the outcome to provide_verdict().
struct NeedVerdict {
  std::string user;
  Secret password;
};
/// Check the token and say the outcome to provide_token(). `claimed`: who the client says it is
/// for, not to be believed; may be empty.
struct NeedToken {
  std::string claimed;
  Secret token;
};
/// The client has proved to be `user`, and acts as `act_as` from now on: mostly the same.
struct Done {
  std::string user;
  std::string act_as;
};
enum class Refusal : std::uint8_t {
  malformed,            ///< The response does not follow the mechanism's grammar.
  wrong_credentials,    ///< Unknown user or wrong password; which, is not said.
  wrong_token,          ///< Why, the client has been told (RFC 7628 §3.2.2).
  not_authorized,       ///< May not act as the authorization identity asked for.
  downgrade,            ///< RFC 5802 §6: the client was told there is no -PLUS, but there is.
  unsupported_binding,  ///< RFC 5802 §6: a channel binding type this connection cannot give.
  binding_mismatch,     ///< Channel bindings differ: somebody may sit in between.
};
struct Failed {
  Refusal why = Refusal::malformed;
};
using Step = std::variant<Challenge, NeedKeys, NeedVerdict, NeedToken, Done, Failed>;

/// What the client may be told. Kinds: syntax for malformed, no_permission for not_authorized,
/// auth_failed for the rest.
Error error_of(Refusal why);
/// For logs: "downgrade".
std::string_view name_of(Refusal why);

enum class Verdict : std::uint8_t { refused, accepted };

/// What a client is told of a token that is not taken (RFC 7628 §3.2.2).
struct TokenRefusal {
  std::string status;         ///< "invalid_token" (RFC 6750 §3.1).
  std::string scope;          ///< That a token needs; empty: none.
  std::string configuration;  ///< URL of the issuer's OpenID configuration.
};
using TokenVerdict = std::expected<std::string, TokenRefusal>;  ///< Whose token it is, prepared.

/// One authentication, from the first response to Done or Failed. After these two, or called out of
/// turn, it answers Failed for good.
class Mechanism {
 public:
  virtual ~Mechanism() = default;
  /// As registered, e.g. "SCRAM-SHA-256".
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// The first step. `initial` is the initial response when the client sent one (RFC 4959). One that
  /// is empty ("=", RFC 4954 §4) is a response all the same, and malformed for every mechanism here.
  Step begin(std::optional<std::string_view> initial);
  /// The client's answer to a Challenge.
  Step respond(std::string_view response);
  /// The answer to NeedKeys; none for a user who is unknown or may not log in. The exchange then
  /// goes on with keys made up, and fails where a wrong password would.
  Step provide_keys(std::optional<ScramKeys> keys);
  /// The answer to NeedVerdict.
  Step provide_verdict(Verdict verdict);
  /// The answer to NeedToken.
  Step provide_token(TokenVerdict verdict);

 protected:
  /// The challenge for a client that sent no initial response.
  [[nodiscard]] virtual std::string_view opening() const { return {}; }
  virtual Step on_response(std::string_view response) = 0;
  virtual Step on_keys(std::optional<ScramKeys> keys);
  virtual Step on_verdict(Verdict verdict);
  virtual Step on_token(TokenVerdict verdict);
  /// Longer ones are malformed.
  [[nodiscard]] virtual std::size_t max_response() const { return kMaxResponseOctets; }

 private:
  enum class Awaits : std::uint8_t { start, response, keys, verdict, token, nothing };
  Step after(Step step);
  Awaits awaits_ = Awaits::start;
};

enum class Plaintext : std::uint8_t { refused, allowed };

/// Channel bindings of the connection (RFC 9266 tls-exporter, RFC 5929 tls-server-end-point); empty
/// where there is none. With one of them SCRAM-SHA-256-PLUS is offered.
struct ChannelBindings {
  std::string exporter;
  std::string end_point;
  [[nodiscard]] bool any() const { return !exporter.empty() || !end_point.empty(); }
};

/// What of a connection decides which mechanisms it is offered.
struct Channel {
  enum class Secrecy : std::uint8_t { clear, tls };
  Secrecy secrecy = Secrecy::clear;  ///< Tokens are taken under TLS only (RFC 7628 §3).
  Plaintext plaintext = Plaintext::refused;
  ChannelBindings bindings = {};
};

/// What stays the same for every connection.
struct SaslPolicy {
  /// Keeps made-up salts of unknown users steady and apart. The same after a restart, and secret.
  std::string decoy_key;
  /// What unknown users seem to have: as new accounts are made with.
  std::uint32_t decoy_iterations = kDefaultIterations;
  /// Whether `user` may act as another, once authenticated; none: nobody may (RFC 4422 §3.4.1).
  std::function<bool(std::string_view user, std::string_view act_as)> may_act_as = {};
  /// Who judges tokens; null, or without a verifier: they are not offered.
  std::shared_ptr<TokenPlace> tokens = {};
};

/// The mechanisms for a connection, best first: names as in AUTH= capabilities.
std::vector<std::string_view> offered_mechanisms(const Channel& channel, const SaslPolicy& policy);

/// By name, in any case. `policy` must outlive it. Errors: not_supported; no_permission for PLAIN
/// and LOGIN where plain text is refused, and for tokens without TLS.
Result<std::unique_ptr<Mechanism>> make_mechanism(std::string_view name, Channel channel,
                                                  const SaslPolicy& policy);

}  // namespace posthorn::auth
