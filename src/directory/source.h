#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "auth/password/foreign_hash.h"
#include "auth/secret.h"
#include "base/clock.h"
#include "base/log_limit.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "directory/cache.h"
#include "directory/entry.h"
#include "directory/link.h"
#include "directory/workers.h"

namespace posthorn::directory {

struct SourceOptions {
  std::string name = {};  ///< In the configuration.
  /// The domains it is asked for, in lower case. Empty: those of this server.
  std::vector<std::string> domains = {};
  bool has_aliases = false;
  bool has_domains = false;       ///< It can say which domains are ours.
  bool checks_passwords = false;  ///< It checks the passwords of its users itself.
  /// It can say whether somebody exists. Otherwise only a right password shows that.
  bool knows_users = true;
  std::chrono::seconds cache_time{300};
  std::chrono::seconds negative_cache_time{30};
  std::size_t cache_entries = 10'000;  ///< Of each kind: users, aliases, domains.
  std::chrono::milliseconds timeout{5000};
  std::size_t connections = 4;
};

/// How old an answer may be.
enum class Age : std::uint8_t {
  now,         ///< The directory is asked.
  recent,      ///< It is asked unless its answer is in the cache.
  remembered,  ///< Only the cache is asked. Errors: would_block if it does not have the answer.
};

/// One directory, as the server asks it: with connections of its own, a cache, and bounded waits.
/// What keeps it from answering is logged here. Errors of all look-ups: unavailable, with a text
/// that a client may see. Thread: any loop's.
class Source {
 public:
  /// `connect` makes connections; it is called on threads of this object and must not block.
  /// `clock` must outlive this object.
  Source(SourceOptions options, std::function<LinkPtr()> connect, const Clock& clock);

  /// The functions of Link, with null or an empty list for what does not exist. `name` is in lower
  /// case.
  async::Task<Result<EntryPtr>> find_user(std::string name, Age age);
  using Targets = std::vector<std::string>;
  async::Task<Result<Targets>> find_alias(std::string name, Age age);
  async::Task<Result<bool>> has_domain(std::string domain);
  async::Task<Result<bool>> verify(EntryPtr entry, std::shared_ptr<const auth::Secret> password);
  /// Takes as long as some recent verify() took.
  async::Task<void> take_as_long();
  /// Drops what is remembered of a name, and of entries that have this name.
  void forget(std::string_view name);

  /// A hash that somebody here has; none if none was seen. It stays the same.
  [[nodiscard]] std::optional<auth::ForeignHash> some_hash() const;
  [[nodiscard]] const SourceOptions& options() const { return options_; }

  struct Numbers {
    metrics::Durations took;       ///< Calls that were answered.
    metrics::Counter unavailable;  ///< Calls that were not.
    metrics::Counter bad_entries;  ///< Answers that could not be used.
    metrics::Counter from_cache;
  };
  [[nodiscard]] const Numbers& numbers() const { return numbers_; }

 private:
  /// Calls a function of a connection: one that is free, or a new one. Runs on a worker.
  template <class T>
  Result<T> with_link(const std::function<Result<T>(Link&)>& call);
  /// Calls it on a worker, and notes what comes of it.
  template <class T>
  async::Task<Result<T>> ask(std::function<Result<T>(Link&)> call);
  /// The same for a question whose answer is kept.
  template <class T>
  async::Task<Result<T>> look_up(Cache<T>& cache, std::string name, Age age,
                                 Result<T> (*call)(Link&, const std::string& name));
  /// Notes whether the directory answers; logs when that changes.
  void note_state(const Error* trouble);
  /// Whether it failed so recently that it is not asked.
  [[nodiscard]] bool rests() const;
  void note_hash(const EntryPtr& entry);

  const SourceOptions options_;
  const std::function<LinkPtr()> connect_;
  Numbers numbers_;
  Cache<EntryPtr> users_;
  Cache<Targets> aliases_;
  Cache<bool> domains_;
  log::LineLimit bad_entry_lines_{2, std::chrono::minutes(1)};
  mutable Mutex mutex_;
  std::vector<LinkPtr> free_ POSTHORN_GUARDED_BY(mutex_);
  bool down_ POSTHORN_GUARDED_BY(mutex_) = false;
  std::chrono::steady_clock::time_point rest_until_ POSTHORN_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point complained_ POSTHORN_GUARDED_BY(mutex_);
  std::optional<auth::ForeignHash> some_hash_ POSTHORN_GUARDED_BY(mutex_);
  /// How long the last calls of verify() took, in a ring.
  std::vector<std::chrono::milliseconds> times_ POSTHORN_GUARDED_BY(mutex_);
  std::size_t next_time_ POSTHORN_GUARDED_BY(mutex_) = 0;
  /// Last: its threads use the rest.
  Workers workers_;
};

}  // namespace posthorn::directory
