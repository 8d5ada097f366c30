#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/lru.h"
#include "base/clock.h"

namespace posthorn::auth {

struct ThrottleLimits {
  /// So many different wrong passwords cost nothing: people mistype, and try old ones.
  std::uint32_t free_guesses = 5;
  /// The first delay; each further guess doubles it, up to the longest.
  std::chrono::milliseconds first_delay{1000};
  std::chrono::milliseconds longest_delay{15'000};
  /// Guesses are forgotten so long after the last one.
  std::chrono::seconds forget_after{3600};
  /// A user who got in from a network is not delayed there for so long.
  std::chrono::seconds trust_after_success{std::chrono::days{7}};
  /// So many different failures of names that are no account's, from one network, cost nothing;
  /// after that every login from there waits, but for users it has trusted lately.
  std::uint32_t free_stray_guesses = 50;
  /// Of each of the tables; an entry takes at most 700 octets.
  std::size_t max_entries = 100'000;
  /// Attempts of one user from one network that may wait out their delay at the same time.
  std::uint32_t max_waiting = 4;
};

/// Slows down guessing without locking anybody out. Counted are *different* wrong passwords of one
/// user from one network (see network_of): a phone that repeats an old password for days counts
/// once. Passwords are kept as 64 bits of a keyed hash, under a key that lives as long as the
/// process.
///
/// Anybody can make up names, so what is counted of names is kept in several tables, none of which
/// can be emptied from another: who was let in; guesses at accounts that are delayed, and those
/// that are not yet; guesses at names that are no account's. The last also count against their
/// network, as do failures without a name that can be one. Thread: any.
class Throttle {
 public:
  Throttle(ThrottleLimits limits, const Clock& clock);

  /// An attempt that may be made, after a wait that is mostly zero. Held until it has been judged.
  struct Attempt {
    std::chrono::milliseconds delay{};
    std::shared_ptr<void> turn = {};
  };
  /// `user`: as prepare_name() made it, here and below; empty: nobody who has a name.
  /// None when so many attempts wait already that one more would only serve guessing in parallel:
  /// it is to be refused unjudged, as `unavailable`.
  [[nodiscard]] std::optional<Attempt> admit(std::string_view user, std::string_view peer);
  enum class Named : std::uint8_t {
    account,  ///< There is such an account.
    nobody,   ///< There is none, or no name was said that can be one.
  };
  /// `password`: none where the mechanism does not show it (SCRAM); such a failure counts each
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
  /// Who would be delayed now, for the operator; at most `limit`, accounts before other names, the
  /// most recent first. A whole network has an empty `user`.
  [[nodiscard]] std::vector<Slowed> slowed(std::size_t limit);
  /// Forgets what was counted against a user, from everywhere. Returns how many entries that were.
  std::size_t pardon(std::string_view user);
  /// Entries of all tables.
  [[nodiscard]] std::size_t size();

 private:
  /// Guesses of one user from one network, or of a network.
  struct Entry {
    std::uint32_t guesses = 0;
    std::int64_t last_guess = 0;           ///< Seconds.
    std::vector<std::uint64_t> seen = {};  ///< Prints of the last few passwords, oldest first.
  };
  using Table = LruMap<Entry>;
  [[nodiscard]] std::chrono::milliseconds delay_of(const Entry& entry, std::uint32_t free) const;
  [[nodiscard]] bool is_trusted(const std::string& key);
  [[nodiscard]] Entry* find(const std::string& key);
  [[nodiscard]] std::chrono::milliseconds delay_for(const std::string& key,
                                                    std::string_view network);
  bool count(Entry& entry, std::optional<std::uint64_t> print);
  void list(const Table& table, std::uint32_t free, std::size_t limit, std::vector<Slowed>& out);

  const ThrottleLimits limits_;
  const Clock& clock_;
  const std::string key_;
  /// How many wait, by entry key; kept apart, as entries may be forgotten meanwhile.
  struct Waiting;
  const std::shared_ptr<Waiting> waiting_;
  std::mutex mutex_;
  // By user in lower case, NUL, network.
  LruMap<std::int64_t> trusted_;  ///< When the user got in, seconds.
  Table early_;                   ///< Of accounts, not delayed yet.
  Table slowed_;                  ///< Of accounts, delayed once at least.
  Table strays_;                  ///< Of names that are no account's.
  Table networks_;                ///< By network: what strays came from there.
};

}  // namespace posthorn::auth
