#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "async/task.h"
#include "base/clock.h"
#include "base/flags.h"
#include "base/result.h"

/// What the admin requests about mailboxes and messages answer, as values.
namespace posthorn::cli {

struct ListedMailboxes {
  std::string account;  ///< Its id; another account of the same name has another.
  std::vector<std::string> mailboxes;
};
/// Errors: not_found (account), server_bug (an answer that is not understood).
async::Task<Result<ListedMailboxes>> list_mailboxes(admin::Admin& admin, std::string account);

struct ListedMessage {
  std::uint64_t uid = 0;
  std::uint64_t number = 0;  ///< Of the message within its account, in whichever mailbox.
  std::uint64_t size = 0;
  Timestamp received;
  FlagList flags;
};
ListedMessage parse_listed(const admin::Json& entry);
/// All messages of a mailbox, in ascending order of UIDs.
async::Task<Result<std::vector<ListedMessage>>> list_messages(admin::Admin& admin,
                                                              std::string account,
                                                              std::string mailbox);
/// A whole message. Errors: not_found, corrupt (it is damaged).
async::Task<Result<std::string>> read_message(admin::Admin& admin, std::string account,
                                              std::string mailbox, std::uint64_t uid);

}  // namespace posthorn::cli
