#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "service/forwarding/srs.h"

namespace posthorn::app {

/// The keys of the return paths of forwarded mail, in the file "srs-keys" of the data directory.
/// Each line has the time since when a key is used, in seconds since 1970, and the key in
/// hexadecimal; the newest is first. Thread: any.
class SrsKeyFile {
 public:
  /// What happens to the older keys when there is a new one: they are accepted for as long as
  /// addresses made with them are valid, or no more.
  enum class Old : std::uint8_t { keep, forget };

  /// Reads the file, or creates it with a first key. `clock` must outlive this object. Errors: io;
  /// corrupt if the file has something else.
  static Result<std::unique_ptr<SrsKeyFile>> open(const std::string& data_dir, const Clock& clock);

  /// Returns the keys, one at least.
  [[nodiscard]] std::shared_ptr<const service::SrsKeys> current() const;
  /// Makes a new key and writes the file. If that fails, the keys stay as they were. Errors: io;
  /// limit, if there would be too many keys that may still be needed.
  Status rotate(Old old);

 private:
  struct Key {
    std::int64_t since = 0;
    std::string octets;
  };
  SrsKeyFile(std::string path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}
  Status load_or_make();
  Status load() POSTHORN_REQUIRES(mutex_);
  Status store(std::vector<Key> keys) POSTHORN_REQUIRES(mutex_);

  const std::string path_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::vector<Key> keys_ POSTHORN_GUARDED_BY(mutex_);  ///< Newest first.
  std::shared_ptr<const service::SrsKeys> current_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::app
