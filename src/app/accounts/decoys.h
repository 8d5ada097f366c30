#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace posthorn::app {

/// Makes names of no account look like accounts to SCRAM, which tells everybody the salt and the
/// iterations of a password (RFC 5802 §9). An account keeps those it had when its password was set,
/// or gets more iterations and a new salt when its user logs in with the password
/// (auth.upgrade_hashes). So after a change of auth.iterations the accounts differ for a long time,
/// and names of no account do the same. The file "iterations" in the data directory has every
/// number there was. Thread: any.
class Decoys {
 public:
  struct Settings {
    std::uint32_t iterations = 0;
    bool upgrades = false;  ///< Whether logins replace keys with fewer iterations.
  };
  /// `key` is a secret of this installation. `clock` must outlive this object. Errors: io.
  static Result<std::unique_ptr<Decoys>> open(const std::string& data_dir, Settings settings,
                                              std::string key, const Clock& clock);

  /// Notes new settings. Errors: io; they then count until the next start.
  Status set(Settings settings);

  struct Shape {
    std::uint32_t iterations = 0;
    std::int64_t since = 0;  ///< Tells apart the salts of one name; 0 for the first.
  };
  /// Returns what a name has: the first number there was, until some time within three years after
  /// each change, when somebody of that name would have set a new password. After a change that
  /// logins follow, half of the names have the new number within 17 days.
  [[nodiscard]] Shape shape_of(std::string_view name) const;
  [[nodiscard]] const std::string& key() const { return key_; }

 private:
  struct Change {
    std::uint32_t iterations = 0;
    std::int64_t since = 0;  ///< Seconds.
    bool is_quick = false;   ///< Logins follow it.
  };
  Decoys(std::string path, std::string key, const Clock& clock)
      : path_(std::move(path)), key_(std::move(key)), clock_(clock) {}
  void load();

  const std::string path_;
  const std::string key_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::vector<Change> changes_ POSTHORN_GUARDED_BY(mutex_);  ///< Oldest first.
};

}  // namespace posthorn::app
