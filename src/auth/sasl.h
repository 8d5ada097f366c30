#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/credentials.h"
#include "auth/secret.h"
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
/// The client has proved to be `user`, and acts as `act_as` from now on: mostly the same.
struct Done {
  std::string user;
  std::string act_as;
};
enum class Refusal : std::uint8_t {
  malformed,            ///< The response does not follow the mechanism's grammar.
  wrong_credentials,    ///< Unknown user or wrong password; which, is not said.
  not_authorized,       ///< May not act as the authorization identity asked for.
  downgrade,            ///< RFC 5802 §6: the client was told there is no -PLUS, but there is.
  unsupported_binding,  ///< RFC 5802 §6: a channel binding type this connection cannot give.
  binding_mismatch,     ///< Channel bindings differ: somebody may sit in between.
};
struct Failed {
  Refusal why = Refusal::malformed;
};
using Step = std::variant<Challenge, NeedKeys, NeedVerdict, Done, Failed>;

/// What the client may be told. Kinds: syntax for malformed, no_permission for not_authorized,
/// auth_failed for the rest.
Error error_of(Refusal why);
/// For logs: "downgrade".
std::string_view name_of(Refusal why);

enum class Verdict : std::uint8_t { refused, accepted };

/// One authentication, from the first response to Done or Failed. After these two, or called out of
/// turn, it answers Failed for good.
class Mechanism {
 public:
  virtual ~Mechanism() = default;
  /// As registered, e.g. "SCRAM-SHA-256".
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// The first step. `initial` is the initial response when the client sent one (RFC 4959). An
  /// empty one counts as none: no mechanism here begins with an empty message.
  Step begin(std::optional<std::string_view> initial);
  /// The client's answer to a Challenge.
  Step respond(std::string_view response);
  /// The answer to NeedKeys; none for a user who is unknown or may not log in. The exchange then
  /// goes on with keys made up, and fails where a wrong password would.
  Step provide_keys(std::optional<ScramKeys> keys);
  /// The answer to NeedVerdict.
  Step provide_verdict(Verdict verdict);

 protected:
  /// The challenge for a client that sent no initial response.
  [[nodiscard]] virtual std::string_view opening() const { return {}; }
  virtual Step on_response(std::string_view response) = 0;
  virtual Step on_keys(std::optional<ScramKeys> keys);
  virtual Step on_verdict(Verdict verdict);

 private:
  enum class Awaits : std::uint8_t { start, response, keys, verdict, nothing };
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

/// What stays the same for every connection.
struct SaslPolicy {
  /// Keeps made-up salts of unknown users steady and apart. The same after a restart, and secret.
  std::string decoy_key;
  /// What unknown users seem to have: as new accounts are made with.
  std::uint32_t decoy_iterations = kDefaultIterations;
  /// Whether `user` may act as another, once authenticated; none: nobody may (RFC 4422 §3.4.1).
  std::function<bool(std::string_view user, std::string_view act_as)> may_act_as = {};
};

/// The mechanisms for a connection, best first: names as in AUTH= capabilities.
std::vector<std::string_view> offered_mechanisms(Plaintext plaintext,
                                                 const ChannelBindings& bindings);

/// By name, in any case. `policy` must outlive it. Errors: not_supported; no_permission for PLAIN
/// and LOGIN where plain text is refused.
Result<std::unique_ptr<Mechanism>> make_mechanism(std::string_view name, Plaintext plaintext,
                                                  ChannelBindings bindings,
                                                  const SaslPolicy& policy);

}  // namespace posthorn::auth
