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

/// The server side of SASL mechanisms (RFC 4422) without I/O: it takes responses already decoded
/// from the protocol's base64, and returns steps.
namespace posthorn::auth {

/// Longer responses are malformed. PLAIN with three names of maximum length fits.
constexpr std::size_t kMaxResponseOctets = 4096;

/// Send these octets, which may be empty, and pass the client's answer to respond(). IMAP and SMTP
/// cannot send data with a success reply, so the last message of SCRAM is a challenge too, which
/// the client answers with an empty response (RFC 4422 §5, point 2b).
struct Challenge {
  std::string bytes;
};
/// Look up the keys of `user` and pass them to provide_keys().
struct NeedKeys {
  std::string user;
};
/// Check the password and pass the result to provide_verdict().
struct NeedVerdict {
  std::string user;
  Secret password;
};
/// Check the token and pass the result to provide_token(). `claimed` is the user the client names;
/// it is not trusted and may be empty.
struct NeedToken {
  std::string claimed;
  Secret token;
};
/// Authenticated. `user` is the authentication identity, `act_as` the authorization identity;
/// usually they are equal. Whether one may act as the other is not decided yet.
struct Done {
  std::string user;
  std::string act_as;
};
enum class Refusal : std::uint8_t {
  malformed,            ///< The response does not follow the mechanism's grammar.
  wrong_credentials,    ///< Unknown user or wrong password; the client is not told which.
  wrong_token,          ///< The client has been told why (RFC 7628 §3.2.2).
  not_authorized,       ///< The user may not act as the requested authorization identity.
  downgrade,            ///< RFC 5802 §6: the client believes that -PLUS is not offered, but it is.
  unsupported_binding,  ///< RFC 5802 §6: this connection does not support the channel binding type.
  binding_mismatch,     ///< The channel bindings differ, which may mean a man in the middle.
};
struct Failed {
  Refusal why = Refusal::malformed;
};
using Step = std::variant<Challenge, NeedKeys, NeedVerdict, NeedToken, Done, Failed>;

/// The error that the client may see. Kinds: syntax for malformed, no_permission for
/// not_authorized, auth_failed for the rest.
Error error_of(Refusal why);
/// The name of the refusal for logs, e.g. "downgrade".
std::string_view name_of(Refusal why);

enum class Verdict : std::uint8_t { refused, accepted };

/// The answer to a client whose token is refused (RFC 7628 §3.2.2).
struct TokenRefusal {
  std::string status;         ///< "invalid_token" (RFC 6750 §3.1).
  std::string scope;          ///< The scope that a token must have; empty if none.
  std::string configuration;  ///< URL of the issuer's OpenID configuration.
};
using TokenVerdict = std::expected<std::string, TokenRefusal>;  ///< Whose token it is, prepared.

/// One authentication, from the first response to Done or Failed. After these, or if it is called
/// out of order, it always returns Failed.
class Mechanism {
 public:
  virtual ~Mechanism() = default;
  /// The registered name, e.g. "SCRAM-SHA-256".
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// The first step. `initial` is the initial response, if the client sent one (RFC 4959). An empty
  /// one ("=", RFC 4954 §4) is a response as well, which is malformed for every mechanism here.
  Step begin(std::optional<std::string_view> initial);
  /// Takes the client's answer to a Challenge.
  Step respond(std::string_view response);
  /// Takes the answer to NeedKeys: none if the user is unknown or may not log in. The exchange then
  /// goes on with made-up keys, and fails where a wrong password would fail.
  Step provide_keys(std::optional<ScramKeys> keys);
  /// Takes the answer to NeedVerdict.
  Step provide_verdict(Verdict verdict);
  /// Takes the answer to NeedToken.
  Step provide_token(TokenVerdict verdict);

 protected:
  /// The challenge for a client that sent no initial response.
  [[nodiscard]] virtual std::string_view opening() const { return {}; }
  virtual Step on_response(std::string_view response) = 0;
  virtual Step on_keys(std::optional<ScramKeys> keys);
  virtual Step on_verdict(Verdict verdict);
  virtual Step on_token(TokenVerdict verdict);
  /// Longer responses are malformed.
  [[nodiscard]] virtual std::size_t max_response() const { return kMaxResponseOctets; }

 private:
  enum class Awaits : std::uint8_t { start, response, keys, verdict, token, nothing };
  Step after(Step step);
  Awaits awaits_ = Awaits::start;
};

enum class Plaintext : std::uint8_t { refused, allowed };

/// Channel bindings of the connection (RFC 9266 tls-exporter, RFC 5929 tls-server-end-point); empty
/// if there is none. SCRAM-SHA-256-PLUS is offered if there is at least one.
struct ChannelBindings {
  std::string exporter;
  std::string end_point;
  [[nodiscard]] bool any() const { return !exporter.empty() || !end_point.empty(); }
};

/// The properties of a connection that decide which mechanisms are offered.
struct Channel {
  enum class Secrecy : std::uint8_t { clear, tls };
  Secrecy secrecy = Secrecy::clear;  ///< Tokens are accepted under TLS only (RFC 7628 §3).
  Plaintext plaintext = Plaintext::refused;
  ChannelBindings bindings = {};
};

/// What a name of no account looks like.
struct DecoyShape {
  std::string name;              ///< What its salt is made from.
  std::uint32_t iterations = 0;  ///< What it is said to have.
};

/// The settings that are the same for every connection.
struct SaslPolicy {
  /// Key for the made-up salts of unknown users, which must be stable, and different for each user.
  /// It must be secret and stay the same after a restart.
  std::string decoy_key;
  /// The iterations reported for unknown users: those that new accounts get.
  std::uint32_t decoy_iterations = kDefaultIterations;
  /// If it is set, it decides about an unknown user instead. Names that would be one account get
  /// one name, and the iterations are spread as those of accounts are. Thread: any.
  std::function<DecoyShape(std::string_view user)> decoy_shape = {};
  /// Returns whether SCRAM is available now, which needs keys of accounts; if it is not set: yes.
  /// Thread: any.
  std::function<bool()> offers_scram = {};
  /// Judges tokens. If it is null or has no verifier, the token mechanisms are not offered.
  std::shared_ptr<TokenPlace> tokens = {};
};

/// Returns the mechanisms for a connection, best first, named as in AUTH= capabilities.
std::vector<std::string_view> offered_mechanisms(const Channel& channel, const SaslPolicy& policy);

/// Creates a mechanism by name, in any case. `policy` must outlive it. Errors: not_supported;
/// no_permission for PLAIN and LOGIN where plain text is not allowed, and for tokens without TLS.
Result<std::unique_ptr<Mechanism>> make_mechanism(std::string_view name, Channel channel,
                                                  const SaslPolicy& policy);

}  // namespace posthorn::auth
