#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "auth/token/token.h"
#include "base/result.h"
#include "config/config.h"
#include "provider/provider.h"

namespace posthorn::app {

/// Makes what judges tokens from the configuration (auth.oauth), and has what outlives a reload:
/// the threads that wait for the provider, and its keys. Thread: one at a time.
class TokenKeys {
 public:
  TokenKeys() = default;
  ~TokenKeys();  ///< Ends requests that have begun. Requires: nobody asks any more.
  TokenKeys(const TokenKeys&) = delete;
  TokenKeys& operator=(const TokenKeys&) = delete;

  using JudgePtr = std::shared_ptr<const auth::TokenJudge>;
  /// Returns what judges tokens; null if no issuer is configured. Reads files, and asks nobody.
  /// Errors: io, syntax, not_supported, bad_argument, each naming the file or configuration key at
  /// fault.
  Result<JudgePtr> load(const config::Config& config);
  /// What asking a provider has shown.
  struct Trial {
    provider::Provider::Examination found = {};
    /// By how many seconds the clock of this machine is ahead of the provider's; none if it does
    /// not tell the time.
    std::optional<std::int64_t> clock_ahead = {};
  };
  /// Asks the configured provider once for everything that it is needed for. None if there is none
  /// to be asked: no issuer, or only keys from a file. Blocks, for auth.oauth.timeout four times at
  /// most. Errors: as load().
  static Result<std::optional<Trial>> try_out(const config::Config& config);
  /// Ends requests that have begun. Thread: any.
  void stop();
  [[nodiscard]] const provider::Numbers& numbers() const { return numbers_; }

 private:
  Result<JudgePtr> make_provider(const config::Config& config,
                                 std::shared_ptr<const auth::TokenVerifier> fixed);

  provider::Numbers numbers_;
  std::shared_ptr<provider::Https> https_;
  std::shared_ptr<provider::Provider> provider_;
  std::unique_ptr<provider::Threads> threads_;  ///< Made when there is a provider.
};

}  // namespace posthorn::app
