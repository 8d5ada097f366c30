#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/secret.h"
#include "base/mutex.h"
#include "base/result.h"

namespace posthorn::provider {

/// A request to a provider.
struct Request {
  std::string url;
  /// A form to send with POST (application/x-www-form-urlencoded). Null: GET.
  std::shared_ptr<const auth::Secret> form = {};
  /// For HTTP Basic authentication (RFC 7617); null: none.
  std::string user = {};
  std::shared_ptr<const auth::Secret> password = {};
};
struct Answer {
  long status = 0;
  std::string body;
  /// The clock of the server, as its field Date says (RFC 9110 §6.6.1): seconds since 1970.
  std::optional<std::int64_t> date = {};
};

/// Whether "http:" is accepted, too. It is for addresses of this machine only, never for names.
enum class PlainHttp : unsigned char { refused, on_loopback };

/// Checks that a URL is one that may be asked: "https", and neither a user name, a password nor a
/// fragment. Errors: bad_argument, with what is wrong.
Status check_url(const std::string& url, PlainHttp plain);

/// Encodes octets for a form or, where RFC 6749 §2.3.1 wants that, for a name or password.
std::string percent_encoded(std::string_view octets);

/// Asks servers over HTTPS, and keeps connections for the next questions. Certificates are
/// verified. Redirects are not followed: where they lead is decided by somebody else, and a request
/// for introspection contains secrets. Time and octets of an answer are bounded. It uses no proxy,
/// cookies or settings from the environment. Thread: any, but the calls block.
class Https {
 public:
  static constexpr std::size_t kMaxBody = 256 << 10;
  static constexpr std::size_t kMaxHeader = 64 << 10;
  struct Options {
    std::string ca_file = {};  ///< Whose certificates are trusted. Empty: those of the system.
    std::chrono::milliseconds timeout{5000};  ///< For a request, from the look-up of the name on.
  };
  explicit Https(Options options);
  ~Https();
  Https(const Https&) = delete;
  Https& operator=(const Https&) = delete;

  /// Returns the answer, whatever its status. Errors: bad_argument for a URL that check_url()
  /// refuses; too_big; unavailable, with what went wrong.
  Result<Answer> ask(const Request& request);
  /// Ends requests that have begun, and refuses others. Thread: any.
  void stop() { stopping_ = true; }

 private:
  class Handle;
  std::unique_ptr<Handle> take();
  void give_back(std::unique_ptr<Handle> handle);

  const Options options_;
  std::atomic<bool> stopping_ = false;
  Mutex mutex_;
  std::vector<std::unique_ptr<Handle>> free_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::provider
