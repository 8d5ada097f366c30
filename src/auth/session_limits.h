#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace posthorn::auth {

/// How many connections there may be at once. Passing a bound is `limit`, never `auth_failed`: a
/// client told that its password is wrong asks its user for another, or stays away for an hour.
/// Thread: any.
class SessionLimits {
 public:
  struct Bounds {
    std::size_t total = 50'000;
    std::size_t per_user = 50;
    std::size_t per_network = 1000;  ///< By network_of(); local sockets are not counted.
  };
  explicit SessionLimits(Bounds bounds);

  /// A counted connection; gone with its destruction, on any thread.
  class Slot {
   public:
    Slot() = default;

   private:
    friend class SessionLimits;
    explicit Slot(std::shared_ptr<void> release) : release_(std::move(release)) {}
    std::shared_ptr<void> release_;
  };

  /// For a connection just accepted. Errors: limit.
  Result<Slot> admit_connection(std::string_view peer);
  /// For a login that succeeded. Errors: limit.
  Result<Slot> admit_user(const AccountId& account);
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t connections_of(const AccountId& account) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::auth
