#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/number_set.h"
#include "server/imap/notify/others_told.h"
#include "server/imap/notify/own_entries.h"
#include "service/account_news.h"
#include "service/cursor.h"
#include "service/mailbox_group.h"
#include "store/account.h"
#include "wire/imap/command/commands_notify.h"

namespace posthorn::server::imap {

/// Requires: not of the selected mailbox.
service::MailboxGroup group_of(wire::imap::MailboxFilter filter);

/// What a client wants to be told without asking (NOTIFY, RFC 5465), and what it was told. That is
/// a state of the account, which the session compares with the newest one whenever it is woken:
/// there is no queue that could grow.
class Notifications {
 public:
  /// More than this is not told at once, neither names and mailboxes together nor messages with
  /// items to fetch: the client gets NOTIFICATIONOVERFLOW instead (RFC 5465 §5.8).
  static constexpr std::size_t kMostAtOnce = 5000;
  /// Limits of a request, so that an idle session stays small.
  static constexpr std::size_t kMostNames = 1000;
  static constexpr std::size_t kMostOctets = 16 * 1024;  ///< Of the names.
  /// So much of what a client did itself is remembered. One that never waits is told of the rest.
  static constexpr std::size_t kMostOwn = 100;

  explicit Notifications(std::vector<wire::imap::NotifyGroup> groups);

  // --- what is wanted ----------------------------------------------------------------------------
  /// What may be told of the selected mailbox.
  [[nodiscard]] service::Tellings of_selected() const { return of_selected_; }
  /// Expunges wait for a command that allows them (RFC 5465 §6.1.2).
  [[nodiscard]] bool delays_expunges() const { return delays_expunges_; }
  /// What is fetched of a message that arrives in the selected mailbox; empty: nothing.
  [[nodiscard]] const std::vector<wire::imap::FetchItem>& fetch() const { return fetch_; }

  struct Group {
    service::MailboxGroup mailboxes;
    wire::imap::NotifyEvents events;
  };
  /// All groups but that of the selected mailbox.
  [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
  /// The events wanted for a name, as it was subscribed or is subscribed.
  using Whose = service::MailboxGroup::Whose;
  [[nodiscard]] wire::imap::NotifyEvents events_of(std::string_view name,
                                                   const store::AccountState& before,
                                                   const store::AccountState& now,
                                                   Whose whose = Whose::own) const;
  [[nodiscard]] bool wants_any(wire::imap::NotifyEvent event) const;
  /// Returns whether a group can have mailboxes of others.
  [[nodiscard]] bool reaches_others() const;

  // --- what was told -----------------------------------------------------------------------------
  /// Everything up to this state has been told.
  store::StatePtr told;
  std::unique_ptr<store::Account::Watch> watch;
  std::unique_ptr<OthersTold> others;  ///< Set if reaches_others().

  // --- what the client did itself, and is not told (RFC 5465 §5) ---------------------------------
  struct OwnName {
    enum class Reach : std::uint8_t {
      itself,
      above,  ///< The levels above as well: the client has created or removed it.
      tree,   ///< And all below: it has renamed it.
    };
    std::string name;
    Reach reach = Reach::itself;
    std::optional<bool> exists = {};      ///< What the client knows, if anything.
    std::optional<bool> subscribed = {};  ///< The same.
  };
  void note_own(OwnName own);
  /// A mailbox of the user's own account, or of another.
  using Place = std::pair<AccountId, MailboxId>;
  /// The client has appended or copied messages to a mailbox.
  void note_own(const Place& mailbox, const NumberSet& uids);
  OwnEntries own_entries;
  /// Returns whether the client knows of the change already.
  [[nodiscard]] bool is_own(const service::ChangedName& changed,
                            const store::AccountState& now) const;
  /// Returns whether only the client's own messages have arrived.
  [[nodiscard]] bool is_own(const AccountId& account, const service::ChangedMailbox& changed) const;
  /// Returns the UIDs of a mailbox that the client has added itself, and forgets them.
  NumberSet take_own_arrivals(const Place& mailbox);
  /// Forgets what the client did itself, except in the selected mailbox, if any.
  void forget_own(const std::optional<Place>& selected);

 private:
  void add(wire::imap::NotifyGroup group);

  std::vector<Group> groups_;
  service::Tellings of_selected_ = 0;
  bool delays_expunges_ = false;
  std::vector<wire::imap::FetchItem> fetch_;

  std::vector<OwnName> own_names_;
  std::map<Place, NumberSet> own_arrivals_;
};

}  // namespace posthorn::server::imap
