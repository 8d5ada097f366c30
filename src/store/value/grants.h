#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "store/value/rights.h"

/// Who else may use the mailboxes of an account: their access control lists (RFC 4314). All of an
/// account's are in memory while it is open, which the limits here bound.
namespace posthorn::store {

inline constexpr std::size_t kMaxGrantsOfMailbox = 500;
inline constexpr std::size_t kMaxGrants = 20'000;        ///< Of an account.
inline constexpr std::size_t kMaxGrantIdentifier = 330;  ///< Octets.

/// Names an entry of a list. The order puts those of one mailbox together.
struct GrantKey {
  MailboxId mailbox;
  std::string identifier;  ///< As it is shown; with '-' in front if the entry takes rights away.
  friend auto operator<=>(const GrantKey&, const GrantKey&) = default;
};

/// An entry of a list.
struct Grant {
  enum class To : std::uint8_t {
    account = 0,  ///< The one with the id `account`; nobody if that is zero.
    anyone = 1,   ///< Everybody who has an account.
    group = 2,    ///< The members of `group`.
  };
  enum class Sign : std::uint8_t { gives = 0, takes_away = 1 };

  To to = To::account;
  Sign sign = Sign::gives;
  AccountId account = {};
  std::string group = {};
  Rights rights;
  /// The mailbox has been put among the subscriptions of the account that got the rights. Done once
  /// for each entry, so that what its user unsubscribes stays so.
  bool subscribed = false;
  friend bool operator==(const Grant&, const Grant&) = default;
};

/// The lists of all mailboxes of an account at one change. Immutable once published.
class Grants {
 public:
  using Map = std::map<GrantKey, Grant>;
  [[nodiscard]] const Map& all() const { return all_; }
  [[nodiscard]] bool empty() const { return all_.empty(); }
  /// Null if there is no such entry.
  [[nodiscard]] const Grant* find(const GrantKey& key) const;
  [[nodiscard]] bool any_of(MailboxId mailbox) const;
  /// The keys of one mailbox, in order.
  [[nodiscard]] std::vector<GrantKey> keys_of(MailboxId mailbox) const;
  /// Calls f(const GrantKey&, const Grant&) for the entries of one mailbox.
  template <class F>
  void for_each_of(MailboxId mailbox, F&& f) const {
    for (auto it = all_.lower_bound({mailbox, {}}); it != all_.end(); ++it) {
      if (it->first.mailbox != mailbox) return;
      f(it->first, it->second);
    }
  }

  void set(const GrantKey& key, Grant grant) { all_.insert_or_assign(key, std::move(grant)); }
  void erase(const GrantKey& key) { all_.erase(key); }

 private:
  Map all_;
};

}  // namespace posthorn::store
