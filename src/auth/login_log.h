#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "auth/identity.h"
#include "auth/rules/protocol.h"
#include "base/mutex.h"

namespace posthorn::auth {

/// The origin of a login attempt, for throttling and the log.
struct Source {
  std::string peer;                    ///< As Stream::peer() reports it.
  std::string mechanism;               ///< "PLAIN", or "LOGIN command".
  std::string protocol = {};           ///< For the log.
  std::uint64_t session = 0;           ///< Stream::id().
  Protocol service = Protocol::other;  ///< What the user logs in for.
};

/// Writes one line about each login attempt, and counts them. Programs such as fail2ban read these
/// lines (docs/operating.md, "Logins in the log"), so their fields stay as they are. Thread: any.
class LoginLog {
 public:
  void success(const Source& source, const Identity& identity, std::string_view user);
  /// `reason` is a word such as "wrong_password".
  void failure(const Source& source, std::string_view reason, std::string_view user);
  /// For a name that cannot be a user name, of which nothing is logged but its length.
  void malformed(const Source& source, std::string_view reason, std::size_t octets);
  /// The attempt was not judged.
  void refusal(const Source& source, std::string_view reason, std::string_view user);

  /// Protocol, outcome ("success", "failure" or "refused") and reason.
  using Key = std::tuple<std::string, std::string, std::string>;
  [[nodiscard]] std::map<Key, std::uint64_t> counts() const;

 private:
  void count(const Source& source, std::string_view outcome, std::string_view reason);

  mutable Mutex mutex_;
  std::map<Key, std::uint64_t> counts_ POSTHORN_GUARDED_BY(mutex_);
};

}  // namespace posthorn::auth
