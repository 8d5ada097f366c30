#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "auth/identity.h"
#include "auth/live_session.h"
#include "base/ids.h"
#include "base/result.h"

namespace posthorn::auth {

/// Limits the number of concurrent connections. Exceeding a limit is the error `limit`, never
/// `auth_failed`: a client that is told its password is wrong asks its user for another one, or
/// does not come back for an hour. Knows the sessions of each account, and ends them. Thread: any.
class SessionLimits {
 public:
  static constexpr std::string_view kTokenExpired = "The token has expired: log in with a new one";
  /// Those by network apply to each of networks_of() a peer: to the smallest as they are, to each
  /// larger one twice as many as to the one before. Local sockets are not counted by network.
  struct Bounds {
    std::size_t total = 50'000;
    std::size_t per_user = 50;
    std::size_t per_network = 1000;
    /// Of these, connections of clients that have not logged in. They are cheap to make, and must
    /// not be able to take the places of users.
    std::size_t before_login = 12'500;
    std::size_t before_login_per_network = 500;
  };
  explicit SessionLimits(Bounds bounds);

  /// Holds a place. Its destruction, on any thread, frees the place.
  class Slot {
   public:
    Slot() = default;

   private:
    friend class SessionLimits;
    explicit Slot(std::shared_ptr<void> release) : release_(std::move(release)) {}
    std::shared_ptr<void> release_;
  };

  class Place;
  /// Holds a place for a connection, like Slot.
  class ConnectionSlot {
   public:
    ConnectionSlot() = default;
    /// The client has logged in: frees its place among those that have not.
    void logged_in();
    /// The client has logged out and keeps its connection (RFC 8437). It is counted among those
    /// that have not logged in, also if there are too many.
    void logged_out();

   private:
    friend class SessionLimits;
    explicit ConnectionSlot(std::shared_ptr<Place> place) : place_(std::move(place)) {}
    std::shared_ptr<Place> place_;
  };

  enum class Client : unsigned char {
    must_log_in,     ///< Or is a stranger that is served without a login.
    needs_no_login,  ///< A mail server that delivers.
  };
  /// Counts a connection that was just accepted. Errors: limit.
  Result<ConnectionSlot> admit_connection(std::string_view peer,
                                          Client client = Client::must_log_in);
  /// Called on the session's loop, once at most, and not after its slot is gone.
  using EndSession = std::function<void()>;
  /// Counts a successful login. `end` is kept for end_sessions(), and the slot must then be
  /// destroyed on the current loop. The account may have been changed since its password was
  /// checked, so the caller asks about that afterwards. Errors: limit.
  ///
  /// `live`, if it is given, lives as long as the slot, and only the current loop touches it. Its
  /// session ends at Identity::expires; the client is told kTokenExpired.
  Result<Slot> admit_user(const Identity& identity, EndSession end = {},
                          LiveSession* live = nullptr);
  /// Returns the sessions of one account or of all, as they are now, the oldest connection first.
  /// Thread: any loop's.
  async::Task<std::vector<SessionView>> sessions(std::optional<AccountId> account);
  /// Ends the session with this number, or, if there is none, does nothing. The client is told
  /// `words`, which must be static. Returns the session's user; none if there is no such session.
  /// Thread: any loop's.
  async::Task<std::optional<std::string>> end_session(std::uint64_t session,
                                                      std::string_view words);
  /// Makes a tap for a session, or null. Called on the session's loop.
  using MakeTap = std::function<std::shared_ptr<Tap>(const SessionView&)>;
  /// Shows the account's sessions, also those that begin later, to taps made by `make`. Replaces
  /// what showed them before; null ends it.
  void trace(const AccountId& account, MakeTap make);
  /// Tells all sessions of an account to end, and those in which it acts as another one. Returns
  /// their number.
  std::size_t end_sessions(const AccountId& account);
  /// Tells those to end that began with one app password (Identity::app_password).
  std::size_t end_sessions(const AccountId& account, std::uint64_t app_password);
  /// The same for all sessions of an account. Returns their number.
  std::size_t end_sessions(const AccountId& account, std::string_view words);
  [[nodiscard]] std::size_t connections() const;
  /// The number of sessions that have logged in.
  [[nodiscard]] std::size_t logged_in() const;
  [[nodiscard]] std::size_t connections_of(const AccountId& account) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::auth
