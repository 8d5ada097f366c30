#pragma once

#include <cstdint>

#include "base/ids.h"

namespace posthorn::store {

/// Who makes a change. The owner of an account is not always who changes it: mail is delivered, an
/// administrator repairs, and a mailbox may be used by other people.
struct Actor {
  enum class Kind : std::uint8_t {
    user,           ///< A person who has logged in; `account` is that person's account.
    delivery,       ///< Mail that arrives, and reports on mail that was sent.
    administrator,  ///< The operator's commands, which no right restricts.
    upkeep,         ///< The server itself.
  };
  Kind kind = Kind::upkeep;
  AccountId account = {};  ///< Only for Kind::user.
  /// The connection over which the change was asked for (net::Stream::id()), for the log; 0: none.
  std::uint64_t session = 0;

  static Actor user(const AccountId& account) { return {.kind = Kind::user, .account = account}; }
  static Actor delivery() { return {.kind = Kind::delivery}; }
  static Actor administrator() { return {.kind = Kind::administrator}; }
  static Actor upkeep() { return {.kind = Kind::upkeep}; }
  /// The same, over this connection.
  [[nodiscard]] Actor over(std::uint64_t connection) const { return {kind, account, connection}; }
};

}  // namespace posthorn::store
