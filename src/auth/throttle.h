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
  /// A user who logged in from a network is trusted there for this long. He has
  /// free_trusted_guesses, and only those count for him. It cannot be more, because others may use
  /// the same network (NAT, a proxy, webmail).
  std::chrono::seconds trust_after_success{std::chrono::days{7}};
  std::uint32_t free_trusted_guesses = 50;
  /// This many different failures for names of no account, from one network, cause no delay. After
  /// that every login from the network waits, except for users trusted there.
  std::uint32_t free_stray_guesses = 50;
  /// The same for guesses at accounts, of all users together: the same few passwords may be tried
  /// with many names.
  std::uint32_t free_spread_guesses = 200;
  /// This many different wrong passwords for one user, from all networks together, cause no delay.
  /// After that the user waits everywhere, except where he is trusted.
  std::uint32_t free_user_guesses = 100;
  /// For each of the tables; an entry takes at most 700 octets.
  std::size_t max_entries = 100'000;
  /// Attempts of one user from one network that may wait at the same time; four times as many where
  /// he is trusted, and while only attempts that are not judged yet are in the way.
  std::uint32_t max_waiting = 4;
  /// Attempts that may wait because of their network, or because of guesses at their user from many
  /// networks.
  std::uint32_t max_waiting_together = 64;
};

/// Slows down password guessing without locking anybody out. It counts *different* wrong passwords
/// of one user from one network (see network_of): a phone that repeats an old password for days
/// counts once. Passwords are kept as 64 bits of a keyed hash, whose key lives as long as the
/// process.
///
/// It also counts the guesses of a network at all users, and those at a user from all networks.
/// Attempts that are not judged yet count like failures, so that nobody gains by trying many at
/// once. Counts leak: the number of free guesses is forgiven within forget_after.
///
/// Attackers can invent names, so the counts are kept in several tables, and filling one cannot
/// evict entries of another: users who logged in; guesses at accounts that are already delayed, and
/// those that are not yet; guesses at names of no account. Failures without a valid name count only
/// against their network. Thread: any.
class Throttle {
 public:
  Throttle(ThrottleLimits limits, const Clock& clock);

  /// A permitted attempt, after a delay that is usually zero. Hold it until the attempt has been
  /// judged.
  struct Attempt {
    std::chrono::milliseconds delay{};
    std::shared_ptr<void> turn = {};
  };
  /// `user` is the account's name, or if there is no such account the result of prepare_name(),
  /// here and below; empty if there is no valid name. `password` as for failed(): attempts with the
  /// same one count once. Returns none if so many attempts are waiting that one more would only
  /// allow guessing in parallel: refuse it as `unavailable`, without judging it.
  [[nodiscard]] std::optional<Attempt> admit(
      std::string_view user, std::string_view peer,
      std::optional<std::string_view> password = std::nullopt);
  enum class Named : std::uint8_t {
    account,  ///< The account exists.
    nobody,   ///< There is no such account, or no valid name was given.
  };
  /// `password` is none if the mechanism does not reveal it (SCRAM); such a failure counts every
  /// time.
  void failed(std::string_view user, std::string_view peer, Named named,
              std::optional<std::string_view> password);
  /// The first success from a network ends the user's delay there. Later ones forgive half of the
  /// guesses: a phone with an old password does not slow down its owner, and somebody else in the
  /// same network gains little.
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
  /// The guesses of one user from one network, or of a network, or at a user.
  struct Entry {
    std::uint32_t guesses = 0;
    std::int64_t leaked = 0;               ///< Seconds; up to then guesses were forgiven.
    std::int64_t last_guess = 0;           ///< Seconds.
    std::vector<std::uint64_t> seen = {};  ///< Hashes of the last few passwords, oldest first.
  };
  using Table = LruMap<Entry>;
  /// One of the counts that an attempt is judged by.
  struct Level {
    std::string key;
    std::uint32_t guesses = 0;
    std::uint32_t free = 0;
    std::uint32_t may_wait = 0;
  };
  [[nodiscard]] std::chrono::milliseconds delay_of(std::uint32_t guesses, std::uint32_t free) const;
  /// The guesses of an entry that are not forgiven yet; 0 for null.
  [[nodiscard]] std::uint32_t guesses_of(const Entry* entry, std::uint32_t free) const;
  [[nodiscard]] bool is_trusted(const std::string& key) POSTHORN_REQUIRES(mutex_);
  [[nodiscard]] Entry* find(const std::string& key) POSTHORN_REQUIRES(mutex_);
  [[nodiscard]] std::vector<Level> levels_of(std::string_view user, std::string_view peer)
      POSTHORN_REQUIRES(mutex_);
  [[nodiscard]] std::optional<std::uint64_t> print_of(
      const std::string& key, std::optional<std::string_view> password) const;
  bool count(Entry& entry, std::optional<std::uint64_t> print, std::uint32_t free);
  /// Returns whether this guess at the user from there was not seen recently.
  bool count_at_user(const std::string& key, Named named, std::optional<std::uint64_t> print)
      POSTHORN_REQUIRES(mutex_);
  void list(const Table& table, std::uint32_t free, std::size_t limit, std::vector<Slowed>& out)
      POSTHORN_REQUIRES(mutex_);

  const ThrottleLimits limits_;
  const Clock& clock_;
  const std::string key_;
  /// The attempts that are not judged yet, by the key of a level. They are separate because entries
  /// may be evicted meanwhile.
  struct InFlight;
  const std::shared_ptr<InFlight> in_flight_;
  Mutex mutex_;
  // These four are keyed by the user in lower case, NUL, and the network.

  /// The time of the user's last login, in seconds.
  LruMap<std::int64_t> trusted_ POSTHORN_GUARDED_BY(mutex_);
  /// Accounts that are not delayed yet, and those that have been delayed at least once.
  Table early_ POSTHORN_GUARDED_BY(mutex_);
  Table slowed_ POSTHORN_GUARDED_BY(mutex_);
  /// Names of no account.
  Table strays_ POSTHORN_GUARDED_BY(mutex_);
  /// By network (networks_of): the guesses at names of no account, and those at accounts.
  Table networks_ POSTHORN_GUARDED_BY(mutex_);
  Table spread_ POSTHORN_GUARDED_BY(mutex_);
  /// By user: the guesses from all networks, at accounts and at names of none.
  Table users_ POSTHORN_GUARDED_BY(mutex_);
  Table stray_users_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::auth
