#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace posthorn::auth {

/// Limits the number of concurrent connections. Exceeding a limit is the error `limit`, never
/// `auth_failed`: a client that is told its password is wrong asks its user for another one, or
/// does not come back for an hour. Thread: any.
class SessionLimits {
 public:
  struct Bounds {
    std::size_t total = 50'000;
    std::size_t per_user = 50;
    std::size_t per_network = 1000;  ///< By network_of(). Local sockets are not counted.
  };
  explicit SessionLimits(Bounds bounds);

  /// Holds a place for a connection. Its destruction, on any thread, frees the place.
  class Slot {
   public:
    Slot() = default;

   private:
    friend class SessionLimits;
    explicit Slot(std::shared_ptr<void> release) : release_(std::move(release)) {}
    std::shared_ptr<void> release_;
  };

  /// Counts a connection that was just accepted. Errors: limit.
  Result<Slot> admit_connection(std::string_view peer);
  /// Counts a successful login. Errors: limit.
  Result<Slot> admit_user(const AccountId& account);
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t connections_of(const AccountId& account) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::auth
