#pragma once

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"

namespace posthorn::store {

/// Keeping an account's stored form short, while it is used: packs tails into chunk pages and
/// single messages into groups. Nothing a client sees changes. Runs on the account's home loop.
class Maintenance {
 public:
  static bool is_due(const Account& account);
  static async::Task<void> run(AccountPtr account);

 private:
  static async::Task<Status> checkpoint(Account& account, MailboxId mailbox);
  static async::Task<Status> pack(Account& account);
};

}  // namespace posthorn::store
