#pragma once

#include <memory>
#include <mutex>

#include "base/result.h"
#include "config/config.h"
#include "net/tls_context.h"

namespace posthorn::app {

/// The certificates in use, exchanged while connections come and go. Thread: any.
class Certificates {
 public:
  /// Those of the configuration; else self-signed ones in the data directory, made when missing;
  /// else none. Errors: bad_argument, io.
  static Result<std::unique_ptr<Certificates>> open(const config::Config& config);

  /// Null: no TLS.
  [[nodiscard]] std::shared_ptr<net::TlsContext> current() const;
  [[nodiscard]] bool self_signed() const { return self_signed_; }
  /// Reads the files again, or those now named. On an error all stays as it was.
  Status reload(const config::Config& config);

 private:
  Status load(const config::Config& config);

  mutable std::mutex mutex_;
  std::shared_ptr<net::TlsContext> current_;
  bool self_signed_ = false;
};

/// The configured host name, else the machine's.
std::string host_name(const config::Config& config);

}  // namespace posthorn::app
