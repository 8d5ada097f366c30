#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "auth/lru.h"
#include "auth/token/answers.h"
#include "auth/token/token.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "directory/workers.h"
#include "provider/https.h"

namespace posthorn::provider {

/// Which tokens the provider is asked about (RFC 7662).
enum class Introspect : std::uint8_t {
  never,   ///< None: tokens are checked with the provider's keys.
  opaque,  ///< Those that are no JWT.
  always,  ///< All, so that a token that was revoked stops to count.
};

struct ProviderOptions {
  auth::TokenRules rules = {};
  /// Where the keys are (RFC 7517). Empty: the provider's metadata say that (RFC 8414).
  std::string jwks_url = {};
  Introspect introspect = Introspect::never;
  std::string introspection_url = {};  ///< Empty: as above.
  /// How this server names itself to the provider when it introspects; a null secret: not at all.
  std::string client_id = {};
  std::shared_ptr<const auth::Secret> client_secret = {};
  /// How long keys and metadata count as new.
  std::chrono::seconds keys_time{3600};
  /// How long the answer about a token is kept, at most until the token expires; 0: not at all.
  std::chrono::seconds introspection_time{60};
};

/// What was asked of providers, for metrics. Thread: any.
struct Numbers {
  metrics::Durations took;        ///< Requests that were answered.
  metrics::Counter unavailable;   ///< Requests that were not, or with something unusable.
  metrics::Counter keys_read;     ///< Keys that were fetched.
  metrics::Counter introspected;  ///< Tokens that the provider was asked about.
  metrics::Counter from_cache;    ///< Tokens about which the answer was known.
};

/// The threads on which requests to providers block. They live as long as the server, whereas
/// providers come and go with its settings. Thread: any.
struct Threads {
  /// Postfix waits ten seconds for an answer of listen.auth_socket.
  static constexpr std::chrono::milliseconds kPatience{8000};
  directory::Workers keys{{.threads = 1, .waiting = 200, .patience = kPatience}};
  directory::Workers introspection{{.threads = 4, .waiting = 200, .patience = kPatience}};
};

/// An identity provider that is asked over HTTPS for its metadata, its keys, and about tokens. The
/// keys are kept, and fetched again when they are old, or when a token names a key that is not
/// among them, which counts once a minute at most. While the provider cannot be asked, keys that
/// were fetched stay in use for a day, and what cannot be judged is `unavailable`. Thread: any.
class Provider final : public auth::TokenJudge, public std::enable_shared_from_this<Provider> {
 public:
  static constexpr std::size_t kMaxRemembered = 10'000;
  static constexpr std::chrono::minutes kUnknownKeyPause{1};
  static constexpr std::chrono::hours kKeepKeys{24};
  /// Asks over HTTPS; it blocks, and is called on `threads`.
  using Fetch = std::function<Result<Answer>(const Request&)>;
  /// Monotonic time.
  using Steady = std::function<std::chrono::steady_clock::time_point()>;

  /// `fixed` has keys that do not come from the provider, or is null. `threads` and `numbers` must
  /// outlive this object. Errors: bad_argument, naming the configuration key at fault.
  static Result<std::shared_ptr<Provider>> make(ProviderOptions options,
                                                std::shared_ptr<const auth::TokenVerifier> fixed,
                                                Fetch fetch, Threads& threads, Numbers& numbers,
                                                Steady steady = std::chrono::steady_clock::now);

  [[nodiscard]] const auth::TokenRules& rules() const override { return options_.rules; }
  [[nodiscard]] std::optional<auth::TokenJudgement> judge_now(std::string_view token,
                                                              Timestamp now) const override;
  async::Task<Result<auth::TokenJudgement>> ask(std::shared_ptr<const auth::Secret> token,
                                                Timestamp now) const override;
  /// What comes of asking the provider for everything that it is needed for; none for what it is
  /// not needed for.
  struct Examination {
    std::optional<Status> metadata = {};
    std::optional<Status> keys = {};
    /// Of a token that nobody has issued. An error too if it is said to count.
    std::optional<Status> introspection = {};
  };
  /// Asks for each once, for a provider that was just made: what is remembered is not asked again.
  /// Blocks, as long as the four requests take at most. Nothing is logged. Thread: any but a
  /// loop's.
  [[nodiscard]] Examination examine(Timestamp now) const;
  /// Takes over the keys of a provider that this one replaces, if they are from the same place and
  /// for tokens of the same issuer.
  void adopt(const Provider& older);

 private:
  using Time = std::chrono::steady_clock::time_point;
  using VerifierPtr = std::shared_ptr<const auth::TokenVerifier>;
  /// Something that was fetched.
  template <class T>
  struct Kept {
    std::shared_ptr<const T> value = {};
    Time fetched = {};
    Time fresh_until = {};
  };
  /// Whether the provider answers questions of one kind.
  struct Health {
    bool down = false;
    Time rest_until = {};
    Time complained = {};
  };
  /// What a token needs to be judged.
  enum class Needs : std::uint8_t { keys, introspection };

  Provider(ProviderOptions options, VerifierPtr fixed, Fetch fetch, Threads& threads,
           Numbers& numbers, Steady steady);
  [[nodiscard]] std::variant<auth::TokenJudgement, Needs> look(std::string_view token,
                                                               Timestamp now) const;
  [[nodiscard]] std::uint64_t keys_round() const;
  /// Whether the keys could not be fetched when that was last tried.
  [[nodiscard]] bool keys_are_down() const;
  [[nodiscard]] bool may_refresh() const POSTHORN_REQUIRES(mutex_);

  [[nodiscard]] bool fetches_keys() const {
    return !fixed_ && options_.introspect != Introspect::always;
  }
  [[nodiscard]] bool introspects() const { return options_.introspect != Introspect::never; }

  // These block.
  Result<VerifierPtr> refresh_keys(std::uint64_t round) const;
  Result<VerifierPtr> fetch_keys() const;
  Result<auth::TokenJudgement> introspect(const auth::Secret& token, Timestamp now) const;
  Result<auth::TokenJudgement> introspect_now(const auth::Secret& token, Timestamp now) const;
  Result<auth::ProviderMetadata> metadata() const;
  Result<auth::ProviderMetadata> fetch_metadata() const;
  /// Counts a request. Errors: unavailable for all that is not an answer with status 200, with the
  /// status in `status`.
  Result<std::string> ask_for(const Request& request, long* status = nullptr) const;
  Status check_found(const std::string& url, std::string_view name) const;

  [[nodiscard]] bool rests(const Health& health) const POSTHORN_REQUIRES(mutex_);
  void note(Health& health, std::string_view what, const Error* trouble) const
      POSTHORN_REQUIRES(mutex_);
  [[nodiscard]] std::string cache_key(std::string_view token) const;
  void remember(std::string_view token, const auth::TokenJudgement& judgement, Timestamp now) const;
  [[nodiscard]] std::optional<auth::TokenJudgement> remembered(std::string_view token,
                                                               Timestamp now) const;

  const ProviderOptions options_;
  const VerifierPtr fixed_;
  const Fetch fetch_;
  Threads& threads_;
  Numbers& numbers_;
  const Steady steady_;
  const std::string cache_secret_;

  /// The answer about a token, by the HMAC of the token.
  struct Remembered {
    auth::TokenJudgement judgement = std::unexpected(auth::TokenFault::inactive);
    std::int64_t since = 0;  ///< Seconds, as `until`.
    std::int64_t until = 0;
  };
  mutable Mutex mutex_;
  mutable Kept<auth::TokenVerifier> keys_ POSTHORN_GUARDED_BY(mutex_);
  mutable Kept<auth::ProviderMetadata> metadata_ POSTHORN_GUARDED_BY(mutex_);
  mutable std::uint64_t keys_round_ POSTHORN_GUARDED_BY(mutex_) = 0;
  mutable Time next_unknown_ POSTHORN_GUARDED_BY(mutex_);
  mutable Health keys_health_ POSTHORN_GUARDED_BY(mutex_);
  mutable Health introspection_health_ POSTHORN_GUARDED_BY(mutex_);
  mutable auth::LruMap<Remembered> remembered_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::provider
