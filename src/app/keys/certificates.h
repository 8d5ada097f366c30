#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "config/config.h"
#include "net/tls_context.h"

namespace posthorn::app {

/// The current certificates, which can be replaced while the server runs. Thread: any.
class Certificates {
 public:
  /// Opens the configured certificates; otherwise self-signed ones in the data directory, which are
  /// created if missing; otherwise none. Errors: bad_argument, io.
  static Result<std::unique_ptr<Certificates>> open(const config::Config& config);

  /// Null if there is no TLS.
  [[nodiscard]] std::shared_ptr<net::TlsContext> current() const;
  [[nodiscard]] bool self_signed() const;
  /// Reads the files in use again. The keys of session tickets are new then: whoever steals one
  /// must not be able to read what was recorded long ago. After an error everything is as before.
  Status renew();
  /// Returns whether a file in use is another one than when it was read, or has other contents, as
  /// after the renewal of a certificate.
  [[nodiscard]] bool have_changed() const;
  /// Reads the files again, under their newly configured names. After an error everything is as
  /// before: TLS that was offered at the start does not end. Whether a self-signed certificate may
  /// be made is decided at the start.
  Status reload(const config::Config& config);

 private:
  explicit Certificates(bool may_self_sign) : may_self_sign_(may_self_sign) {}
  Status load(const config::Config& config);

  /// A file, and by what its next version is recognized.
  struct Stamp {
    std::string path;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_s = 0;
    std::int64_t modified_ns = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  [[nodiscard]] std::vector<Stamp> stamps() const;
  /// All zero if there is no such file.
  static Stamp stamp_of(std::string path);

  const bool may_self_sign_;

  mutable Mutex mutex_;
  std::shared_ptr<net::TlsContext> current_ POSTHORN_GUARDED_BY(mutex_);
  bool self_signed_ POSTHORN_GUARDED_BY(mutex_) = false;
  std::vector<Stamp> stamps_ POSTHORN_GUARDED_BY(mutex_);
};

/// Returns the configured host name, or else the machine's.
std::string host_name(const config::Config& config);

}  // namespace posthorn::app
