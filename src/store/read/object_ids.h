#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "message/digest/keys_view.h"
#include "store/value/account_state.h"

namespace posthorn::store {

/// The keys of an account's object identifiers.
struct ObjectIdKeys {
  std::string account;  ///< 16 octets; every account has its own.
  std::string threads;  ///< The same for all accounts of a store.
};
/// Derives them from the store's own key.
ObjectIdKeys derive_object_id_keys(std::string_view store_key, const AccountId& account);

/// The object identifiers of one account (RFC 8474). An identifier never changes once a client was
/// told it, is never reused, and reveals neither content nor how many mailboxes and messages the
/// account has.
///
/// The identifiers of mailboxes and messages are their numbers, encrypted. Those below
/// AccountCounters::first_hidden_mailbox and first_hidden_ordinal keep the form that earlier
/// versions gave them: part of the account's id, and the number in clear. A message that was copied
/// or moved here from another account has the EMAILID that it had there (store/format/origin.h).
/// Thread: any.
class ObjectIds {
 public:
  ObjectIds(const AccountId& account, ObjectIdKeys keys, const AccountCounters& counters);

  /// RFC 8474 §4.
  [[nodiscard]] std::string mailbox(MailboxId id) const;
  /// RFC 8474 §5.1. Copies of a message within the account have the same ordinal, and therefore the
  /// same identifier. `body` is the message's body column; it counts only if has_foreign().
  [[nodiscard]] std::string email(Ordinal ordinal, std::string_view body = {}) const;
  /// RFC 8474 §5.2. Messages belong together if their threads begin with the same message: the
  /// first in References, or else in In-Reply-To, or else the message itself. The identifier is
  /// computed from that Message-ID alone. So it is the same in every account, does not depend on
  /// the order of arrival, and never changes; but a reply is not joined to its thread if it names
  /// only a message in the middle of it. Subjects are not compared. `body` as for email().
  [[nodiscard]] std::string thread(Ordinal ordinal, const message::KeysView& keys,
                                   std::string_view body = {}) const;

  /// Whether messages of the account may have come from other accounts. If not, nobody need read
  /// body columns for their identifiers.
  [[nodiscard]] bool has_foreign() const { return foreign_.load(); }
  /// Requires: no such message is visible yet.
  void note_foreign() const { foreign_.store(true); }

  /// Returns the message that has, or had, or may once have this EMAILID; none for any other text.
  [[nodiscard]] std::optional<Ordinal> parse_email(std::string_view id) const;

 private:
  [[nodiscard]] std::string in_clear(char kind, std::uint64_t number) const;
  [[nodiscard]] std::string hidden(char kind, std::uint64_t number) const;

  const AccountId account_;
  const ObjectIdKeys keys_;
  const MailboxId first_hidden_mailbox_;
  const Ordinal first_hidden_ordinal_;
  mutable std::atomic<bool> foreign_ = false;
};

}  // namespace posthorn::store
