#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "async/offload.h"
#include "async/task.h"
#include "auth/directory.h"
#include "auth/lru.h"
#include "auth/sasl/sasl.h"
#include "auth/secret.h"
#include "auth/throttle.h"
#include "base/clock.h"
#include "base/result.h"

namespace posthorn::auth {

/// Who logged in.
struct Identity {
  AccountId account;
  std::string name;           ///< The account's own spelling.
  std::uint64_t version = 0;  ///< LoginRecord::version at the time.
};

/// Where an attempt comes from, for throttling and the log.
struct Source {
  std::string peer;       ///< As Stream::peer() says it.
  std::string mechanism;  ///< "PLAIN", or "LOGIN command".
};

/// Checks passwords. The hash is computed on `pool`; when its queue is full the login is refused as
/// `unavailable` rather than computed here. A password found right is remembered as a keyed MAC,
/// under a key that lives as long as the process, until the account's version changes or
/// `remember_for` has passed. An unknown user costs as much as a wrong password. Every outcome is
/// one line in the log. Thread: any loop's.
class Authenticator {
 public:
  struct Options {
    SaslPolicy sasl = {};
    std::chrono::seconds remember_for{3600};
    std::size_t max_remembered = 100'000;  ///< Accounts; about 200 octets each.
  };
  /// All must outlive it.
  Authenticator(Directory& directory, Throttle& throttle, async::OffloadPool& pool,
                const Clock& clock, Options options);

  /// A name and a password as a protocol's own command has them (RFC 9051 §6.2.3, RFC 1939 §7).
  /// Errors: auth_failed; no_permission when the password is right but the account disabled;
  /// unavailable; what the directory says.
  async::Task<Result<Identity>> login(std::string user, Secret password, Source source);

  /// The same with a name already prepared (prepare_name).
  async::Task<Result<LoginRecord>> check_password(std::string user, Secret password, Source source);

  /// Whose a token is, and what the directory knows of them.
  struct TokenHolder {
    std::string user;  ///< As the token says, prepared.
    LoginRecord record;
  };
  using TokenOutcome = std::variant<TokenHolder, TokenRefusal>;
  /// A token; `claimed` is who the client says it is for, which may be empty. Never logged. The
  /// throttle counts by the user it names when its signature is right, by `claimed` or the network
  /// when not. A token said again and again counts once. Errors: unavailable; what the directory
  /// says; not_supported when tokens are not taken any more.
  async::Task<Result<TokenOutcome>> check_token(std::string claimed, Secret token, Source source);

  /// What goes before any look-up: waits out the throttle's delay. `user` empty: nobody who has a
  /// name that can be one. Errors: unavailable.
  async::Task<Result<Throttle::Attempt>> take_turn(std::string user, Source source);
  /// Refuses what has no name that can be one (prepare_name): waits, counts against the network,
  /// and logs `octets`, the length of what was said, and nothing else of it. `secret`: as
  /// `password` of Throttle::failed. Errors: unavailable instead.
  async::Task<Status> refuse_nameless(Source source, std::string reason, std::size_t octets,
                                      std::optional<Secret> secret);
  async::Task<Result<std::optional<LoginRecord>>> find(std::string user);
  /// Why a login failed, and of whom.
  struct Failure {
    std::string_view user;  ///< Prepared.
    Throttle::Named named = Throttle::Named::nobody;
    std::string_view reason;
    std::optional<std::string_view> password;  ///< See Throttle::failed.
  };
  /// Counts and logs.
  void note_failure(const Failure& failure, const Source& source);
  /// Counts and logs a proof of identity. Errors: no_permission when the account is disabled.
  Result<Identity> conclude(std::string_view user, const LoginRecord& record, const Source& source);

  [[nodiscard]] const SaslPolicy& sasl() const { return options_.sasl; }
  /// Forgets what is remembered of an account, e.g. when it was removed.
  void forget(const AccountId& account);
  /// Passwords hashed so far: for metrics.
  [[nodiscard]] std::uint64_t hashes() const;

 private:
  struct Remembered {
    std::uint64_t version = 0;
    Hash mac{};
    std::int64_t until = 0;  ///< Seconds.
  };
  void note_wrong_token(std::string_view claimed, TokenFault fault, const Secret& token,
                        const Source& source);
  [[nodiscard]] Hash mac_of(const LoginRecord& record, std::string_view password) const;
  [[nodiscard]] bool is_remembered(const LoginRecord& record, const Hash& mac);
  void remember(const LoginRecord& record, const Hash& mac);

  Directory& directory_;
  Throttle& throttle_;
  async::OffloadPool& pool_;
  const Clock& clock_;
  const Options options_;
  const std::string key_;
  const ScramKeys decoy_;
  mutable std::mutex mutex_;
  std::uint64_t hashes_ = 0;
  LruMap<Remembered> remembered_;  ///< By account id.
};

}  // namespace posthorn::auth
