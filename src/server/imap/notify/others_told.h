#pragma once

#include <cstddef>
#include <map>
#include <memory>

#include "server/imap/notify/own_entries.h"
#include "service/sharing/shared_view.h"
#include "store/account.h"
#include "store/value/sharing_policy.h"

namespace posthorn::server::imap {

/// What a client was told of the mailboxes of others. As for the own account, that is a state of
/// each account, which the others share that were told as much. What the client may be told of it
/// is computed when it changes, from the rights then and now.
struct OthersTold {
  /// More accounts than this are not watched for one client.
  static constexpr std::size_t kMostAccounts = 200;

  struct One {
    service::SharingAccount sharing;
    store::StatePtr told;  ///< Null: nothing.
    std::unique_ptr<store::Account::Watch> watch;
  };
  std::map<AccountId, One> accounts;
  /// The policy by which rights were computed; never null.
  std::shared_ptr<const store::SharingPolicy> policy;
  /// Used only without Notifications, which have their own.
  OwnEntries own_entries;
  /// Set when somebody may have begun to share something.
  bool is_due = false;
  std::unique_ptr<store::Account::Watch> watch;  ///< Sets it.
};

}  // namespace posthorn::server::imap
