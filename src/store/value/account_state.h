#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "engine/partition_version.h"
#include "store/value/annotations.h"
#include "store/value/grants.h"
#include "store/value/mailbox.h"
#include "store/value/outbox.h"
#include "store/value/persistent_map.h"
#include "store/value/sending.h"

namespace posthorn::store {

/// Limits of an account; 0 means no limit.
struct Quota {
  std::uint64_t max_bytes = 0;
  std::uint64_t max_messages = 0;
};

/// An account's counters, kept in one row: the next numbers to assign, and totals.
struct AccountCounters {
  MailboxId next_mailbox{1};
  Ordinal next_ordinal{1};
  /// The next page number in a store of format 1, where accounts numbered their own pages. Pages
  /// written since have higher numbers (store/nodes/page_numbers.h). Kept as it was.
  PageNumber next_page{1};
  UidValidity next_uid_validity{1};
  std::uint64_t bytes = 0;
  std::uint64_t messages = 0;
  Quota quota;
  /// The object identifiers of mailboxes and messages below these numbers were given out by a
  /// version that wrote the numbers in clear; see read/object_ids.h. They never change.
  MailboxId first_hidden_mailbox{1};
  Ordinal first_hidden_ordinal{1};

  /// Returns whether the quota allows for this much more. Every judgement of the quota is made
  /// here.
  [[nodiscard]] bool has_room(std::uint64_t more_bytes, std::uint64_t more_messages) const {
    return (quota.max_bytes == 0 || bytes + more_bytes <= quota.max_bytes) &&
           (quota.max_messages == 0 || messages + more_messages <= quota.max_messages);
  }
};

/// The state of an account at one change number, as a value. Readers hold a pointer to it and need
/// no lock.
struct AccountState {
  AccountId id = {};  ///< Of the account.
  Seq seq;            ///< The change that made this state; also the highest MODSEQ assigned.
  /// The version of the partition that has this state. Its tail is `seq`.
  engine::PartitionVersion version;
  AccountCounters counters;
  /// No message has a MODSEQ below this, and no history reaches below it (store/read/behind.h).
  /// Usually 0.
  ModSeq floor;
  /// Every change to a mailbox makes a new map, so its cost must not depend on the number of
  /// mailboxes. Names and subscriptions change rarely.
  using Mailboxes = PersistentMap<MailboxId, MailboxPtr>;
  using Names = std::map<std::string, MailboxId, std::less<>>;
  using Subscriptions = std::set<std::string, std::less<>>;
  Mailboxes mailboxes;
  std::shared_ptr<const Names> names = std::make_shared<Names>();
  std::shared_ptr<const Subscriptions> subscriptions = std::make_shared<Subscriptions>();
  std::shared_ptr<const Annotations> annotations = std::make_shared<Annotations>();
  std::shared_ptr<const Grants> grants = std::make_shared<Grants>();
  std::shared_ptr<const Outbox> outbox = std::make_shared<Outbox>();
  SendingUsage usage;
  std::shared_ptr<const SendingSettings> sending = std::make_shared<SendingSettings>();
  /// The intent that the newest change carried out, if any.
  std::optional<IntentId> intent = {};

  [[nodiscard]] MailboxPtr find(MailboxId id) const {
    const MailboxPtr* found = mailboxes.find(id);
    return found == nullptr ? nullptr : *found;
  }
  [[nodiscard]] MailboxPtr find(std::string_view name) const {
    const auto it = names->find(name);
    return it == names->end() ? nullptr : find(it->second);
  }
  /// Returns which flags belong to each user of this mailbox (store/value/reader_flags.h).
  [[nodiscard]] OwnFlags own_flags(const Mailbox& mailbox) const;
  /// Returns true if there are mailboxes below `name` in the hierarchy.
  [[nodiscard]] bool has_children(std::string_view name) const;
  /// Sets the account's totals to the sums over its mailboxes, after a head was found to be wrong.
  void count_again();
  [[nodiscard]] MailboxPtr find_special(SpecialUse use) const;
};
using StatePtr = std::shared_ptr<const AccountState>;

}  // namespace posthorn::store
