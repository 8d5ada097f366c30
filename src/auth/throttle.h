#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/lru.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace posthorn::auth {

struct ThrottleLimits {
  /// This many different wrong passwords cause no delay, since people mistype and try old
  /// passwords.
  std::uint32_t free_guesses = 5;
  /// The first delay; each further guess doubles it, up to longest_delay.
  std::chrono::milliseconds first_delay{1000};
  std::chrono::milliseconds longest_delay{15'000};
  /// Guesses expire this long after the last one.
  std::chrono::seconds forget_after{3600};
  /// A user who logged in from a network is not delayed there for this long.
  std::chrono::seconds trust_after_success{std::chrono::days{7}};
  /// This many different failures for names of no account, from one network, cause no delay. After
  /// that every login from the network waits, except for users trusted there.
  std::uint32_t free_stray_guesses = 50;
  /// For each of the tables; an entry takes at most 700 octets.
  std::size_t max_entries = 100'000;
  /// Attempts of one user from one network that may wait at the same time.
  std::uint32_t max_waiting = 4;
};

/// Slows down password guessing without locking anybody out. It counts *different* wrong passwords
/// of one user from one network (see network_of): a phone that repeats an old password for days
/// counts once. Passwords are kept as 64 bits of a keyed hash, whose key lives as long as the
/// process.
///
/// Attackers can invent names, so the counts are kept in several tables, and filling one cannot
/// evict entries of another: users who logged in; guesses at accounts that are already delayed, and
/// those that are not yet; guesses at names of no account. The last also count against their
/// network, as do failures without a valid name. Thread: any.
class Throttle {
 public:
  Throttle(ThrottleLimits limits, const Clock& clock);

  /// A permitted attempt, after a delay that is usually zero. Hold it until the attempt has been
  /// judged.
  struct Attempt {
    std::chrono::milliseconds delay{};
    std::shared_ptr<void> turn = {};
  };
  /// `user` is the result of prepare_name(), here and below; empty if there is no valid name.
  /// Returns none if so many attempts are waiting that one more would only allow guessing in
  /// parallel: refuse it as `unavailable`, without judging it.
  [[nodiscard]] std::optional<Attempt> admit(std::string_view user, std::string_view peer);
  enum class Named : std::uint8_t {
    account,  ///< The account exists.
    nobody,   ///< There is no such account, or no valid name was given.
  };
  /// `password` is none if the mechanism does not reveal it (SCRAM); such a failure counts every
  /// time.
  void failed(std::string_view user, std::string_view peer, Named named,
              std::optional<std::string_view> password);
  void succeeded(std::string_view user, std::string_view peer);

  struct Slowed {
    std::string user;
    std::string network;
    std::uint32_t guesses;
    std::chrono::milliseconds delay;
  };
  /// For the operator: the users that would be delayed now, at most `limit`, accounts before other
  /// names, the most recent first. An entry for a whole network has an empty `user`.
  [[nodiscard]] std::vector<Slowed> slowed(std::size_t limit);
  /// Discards all counts of a user, from everywhere. Returns the number of entries removed.
  std::size_t pardon(std::string_view user);
  /// The number of entries in all tables.
  [[nodiscard]] std::size_t size();

 private:
  /// The guesses of one user from one network, or of a network.
  struct Entry {
    std::uint32_t guesses = 0;
    std::int64_t last_guess = 0;           ///< Seconds.
    std::vector<std::uint64_t> seen = {};  ///< Hashes of the last few passwords, oldest first.
  };
  using Table = LruMap<Entry>;
  [[nodiscard]] std::chrono::milliseconds delay_of(const Entry& entry, std::uint32_t free) const;
  [[nodiscard]] bool is_trusted(const std::string& key) POSTHORN_REQUIRES(mutex_);
  [[nodiscard]] Entry* find(const std::string& key) POSTHORN_REQUIRES(mutex_);
  [[nodiscard]] std::chrono::milliseconds delay_for(const std::string& key,
                                                    std::string_view network)
      POSTHORN_REQUIRES(mutex_);
  bool count(Entry& entry, std::optional<std::uint64_t> print);
  void list(const Table& table, std::uint32_t free, std::size_t limit, std::vector<Slowed>& out)
      POSTHORN_REQUIRES(mutex_);

  const ThrottleLimits limits_;
  const Clock& clock_;
  const std::string key_;
  /// The number of waiting attempts by entry key. It is separate because entries may be evicted
  /// meanwhile.
  struct Waiting;
  const std::shared_ptr<Waiting> waiting_;
  Mutex mutex_;
  // All but networks_ are keyed by the user in lower case, NUL, and the network.

  /// The time of the user's last login, in seconds.
  LruMap<std::int64_t> trusted_ POSTHORN_GUARDED_BY(mutex_);
  /// Accounts that are not delayed yet, and those that have been delayed at least once.
  Table early_ POSTHORN_GUARDED_BY(mutex_);
  Table slowed_ POSTHORN_GUARDED_BY(mutex_);
  /// Names of no account.
  Table strays_ POSTHORN_GUARDED_BY(mutex_);
  /// By network: the guesses at names of no account from there.
  Table networks_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::auth
