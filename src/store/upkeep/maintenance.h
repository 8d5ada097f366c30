#pragma once

#include <cstdint>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"

namespace posthorn::store {

/// Keeping an account's stored form short, while it is used: packs tails into chunk pages and
/// single messages into groups. Nothing a client sees changes. Runs on the account's home loop.
class Maintenance {
 public:
  /// A mailbox is opened by reading its pages and at most about this many rows.
  static constexpr std::uint32_t kMaxTailRows = 4096;

  static bool is_due(const Account& account);
  static async::Task<void> run(AccountPtr account);

 private:
  static bool pack_is_due(const Account& account);
  static async::Task<Status> checkpoint(Account& account, MailboxId mailbox);
  static async::Task<Status> pack(Account& account);
  /// Writes a group's digests anew.
  static async::Task<Status> renew(Account& account, Ordinal first);
};

}  // namespace posthorn::store
