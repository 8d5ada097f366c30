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

  static Actor user(const AccountId& account) { return {Kind::user, account}; }
  static Actor delivery() { return {Kind::delivery}; }
  static Actor administrator() { return {Kind::administrator}; }
  static Actor upkeep() { return {Kind::upkeep}; }

  friend bool operator==(const Actor&, const Actor&) = default;
};

}  // namespace posthorn::store
