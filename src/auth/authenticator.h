#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "async/task.h"
#include "auth/directory.h"
#include "auth/hash_queue.h"
#include "auth/identity.h"
#include "auth/login_log.h"
#include "auth/lru.h"
#include "auth/sasl/sasl.h"
#include "auth/secret.h"
#include "auth/throttle.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace posthorn::auth {

/// A login name as a client wrote it. "user*master" is somebody who logs in with a password of his
/// own, `user`, and wants to act as another one.
struct LoginName {
  std::string user;
  std::string act_as = {};  ///< Empty: as himself.
};

/// Checks passwords and tokens. Hashes wait in `hashing`; if that takes no more, the login is
/// refused as `unavailable` and nothing is computed. A correct password is remembered as a keyed
/// MAC, whose key lives as long as the process, until the account's version changes or
/// `remember_for` has passed. An unknown user costs as much time as a wrong password. Every outcome
/// is logged in one line. Thread: any loop's.
class Authenticator {
 public:
  struct Options {
    SaslPolicy sasl = {};
    std::chrono::seconds remember_for{3600};
    std::size_t max_remembered = 100'000;  ///< Number of accounts; about 200 octets each.
    /// Asked when a password was right for a hash from another server, or for SCRAM keys: returns
    /// the iterations for keys that are made of it and kept instead of the hash, or of keys with
    /// fewer iterations; 0 keeps what there is. If not set: 0.
    std::function<std::uint32_t()> upgrade_iterations = {};
    /// Returns the hash of some account that a name of no account is checked against, so that it
    /// takes as long as an account of that name would; none: SCRAM keys. The result is ignored.
    /// Thread: any.
    std::function<std::optional<ForeignHash>(std::string_view user)> decoy_hash = {};
    /// Stands between the two names of "user*master"; empty: no name is read like that.
    std::string master_separator = {};
  };
  /// All must outlive this object.
  Authenticator(Directory& directory, Throttle& throttle, HashQueue& hashing, const Clock& clock,
                Options options);

  /// Checks a name and a password from a protocol's own login command (RFC 9051 §6.2.3, RFC 1939
  /// §7). Errors: auth_failed; no_permission if the password is right but the account is disabled;
  /// unavailable; those of the directory.
  async::Task<Result<Identity>> login(std::string user, Secret password, Source source);

  /// Somebody whose password was right.
  struct Verified {
    LoginRecord record;
    std::uint64_t app_password = 0;  ///< As in Identity.
  };
  /// Checks the password of one user, whose name read_name() returned. The first right password for
  /// a hash from another server, or for keys with too few iterations, becomes SCRAM keys. Errors:
  /// as login().
  async::Task<Result<Verified>> check_password(std::string user, Secret password, Source source);

  /// Reads a name that prepare_name() has prepared. A name that is an account's is never taken
  /// apart. Errors: those of the directory.
  async::Task<Result<LoginName>> read_name(std::string prepared);

  /// The user a token belongs to, with the directory's record.
  struct TokenHolder {
    std::string user;  ///< As the token says, prepared.
    LoginRecord record;
    std::optional<std::int64_t> expires = {};  ///< For Identity::expires.
  };
  using TokenOutcome = std::variant<TokenHolder, TokenRefusal>;
  /// Checks a token; its issuer is asked if that is necessary. `claimed` is the user the client
  /// names; it may be empty. The token is never logged. The throttle counts a failure against the
  /// user in the token if its signature is right, otherwise against `claimed` or the network. A
  /// repeated token counts once. Errors: unavailable, also if the issuer cannot be asked; those of
  /// the directory; not_supported if tokens are no longer accepted.
  async::Task<Result<TokenOutcome>> check_token(std::string claimed, Secret token, Source source);

  /// Waits for the throttle's delay. Must precede everything that judges. `user` is budget_of();
  /// empty if the name given cannot be a user name. `password` as for Throttle::admit; what it
  /// refers to must live until this ends. Errors: unavailable.
  async::Task<Result<Throttle::Attempt>> take_turn(
      std::string user, Source source, std::optional<std::string_view> password = std::nullopt);
  /// Returns the name that attempts for `user` are counted under. "ada" and "ada@example.org" may
  /// be the same account, and then share its guesses.
  [[nodiscard]] static std::string budget_of(const std::optional<LoginRecord>& record,
                                             std::string_view user) {
    return record ? record->name : std::string(user);
  }
  /// Refuses a login whose name cannot be a user name (prepare_name): waits, counts against the
  /// network, and logs `octets`, the length of the input, but nothing of its content. `secret`: as
  /// `password` of Throttle::failed. Errors: unavailable instead.
  async::Task<Status> refuse_nameless(Source source, std::string reason, std::size_t octets,
                                      std::optional<Secret> secret);
  async::Task<Result<std::optional<LoginRecord>>> find(std::string user);
  /// The reason and the user of a failed login.
  struct Failure {
    std::string_view user;  ///< Prepared; for the log.
    /// What is known of the user; null: there is no such account.
    const LoginRecord* record = nullptr;
    std::string_view reason;
    std::optional<std::string_view> password;  ///< See Throttle::failed.
  };
  /// Counts and logs a failure.
  void note_failure(const Failure& failure, const Source& source);
  /// Counts and logs a successful authentication. The first one of a user of an outside directory
  /// creates the account. Errors: no_permission if the account is disabled; those of the directory.
  async::Task<Result<Identity>> conclude(std::string user, LoginRecord record, Source source,
                                         std::uint64_t app_password = 0);
  /// The same for somebody who wants to act as another one. It is decided here whether he may
  /// (LoginRules::may_act_as); with an app password nobody may. Errors: no_permission, whatever
  /// the reason; those of the directory.
  async::Task<Result<Identity>> conclude_as(LoginName name, LoginRecord record, Source source,
                                            std::uint64_t app_password);

  [[nodiscard]] const SaslPolicy& sasl() const { return options_.sasl; }
  /// Discards the password remembered for an account, e.g. when it was removed.
  void forget(const AccountId& account);
  /// The number of passwords hashed so far, for metrics.
  [[nodiscard]] std::uint64_t hashes() const;
  /// The number of logins by outcome, for metrics.
  [[nodiscard]] std::map<LoginLog::Key, std::uint64_t> login_counts() const {
    return log_.counts();
  }

 private:
  struct Remembered {
    std::uint64_t version = 0;
    Hash mac{};
    std::int64_t until = 0;  ///< Seconds.
  };
  /// Returns the app password, if the password is one of this account that is good for `source`.
  /// `refused`: as for find_app_password().
  [[nodiscard]] std::uint64_t match_app_password(const LoginRecord& record,
                                                 std::string_view password, const Source& source,
                                                 std::string_view& refused) const;
  /// Returns the record of somebody whose password was right a short time ago and is now, without
  /// asking an outside directory; none if that is not known.
  async::Task<Result<std::optional<LoginRecord>>> find_remembered(std::string user,
                                                                  std::string_view password,
                                                                  Protocol service);
  struct Judged {
    bool right = false;
    std::optional<ScramKeys> keys = {};  ///< To be kept instead of the hash.
  };
  /// Checks a password against the account's, in the hash queue or by the directory. Errors:
  /// unavailable.
  async::Task<Result<Judged>> judge(std::string user, const std::optional<LoginRecord>& record,
                                    bool has_password, std::shared_ptr<const Secret> password,
                                    Source source);
  /// Logs that the directory could not be asked.
  std::unexpected<Error> not_looked_up(const Source& source, std::string_view user, Error error);
  /// What a password is checked against that cannot be right: an unknown user must take as long as
  /// an account of that name would.
  [[nodiscard]] std::variant<ScramKeys, ForeignHash> decoy_for(std::string_view user) const;
  /// Judges a token that is not empty. Errors: unavailable.
  async::Task<Result<TokenJudgement>> judge_token(const TokenJudge& judge, std::string claimed,
                                                  const Secret& token, Source source);
  void note_wrong_token(std::string_view claimed, TokenFault fault, const Secret& token,
                        const Source& source);
  [[nodiscard]] Hash mac_of(const LoginRecord& record, std::string_view password) const;
  [[nodiscard]] bool is_remembered(const LoginRecord& record, const Hash& mac);
  void remember(const LoginRecord& record, const Hash& mac);

  Directory& directory_;
  Throttle& throttle_;
  HashQueue& hashing_;
  const Clock& clock_;
  const Options options_;
  const std::string key_;
  const ScramKeys decoy_;
  LoginLog log_;
  mutable Mutex mutex_;
  std::uint64_t hashes_ POSTHORN_GUARDED_BY(mutex_) = 0;
  LruMap<Remembered> remembered_ POSTHORN_GUARDED_BY(mutex_);  ///< By account id.
};

}  // namespace posthorn::auth
