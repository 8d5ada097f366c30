#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "async/task.h"
#include "base/result.h"
#include "store/store.h"

namespace posthorn::cli {

/// An account of a backup that the server does not have, brought back as it was in the backup: with
/// UIDs, UIDVALIDITY, identity and settings (store/adopt/adoption.h).
struct BroughtBack {
  bool done = false;  ///< Or would be, in a dry run.
  std::string why;    ///< If not: why the account has to be made anew, with new UIDs.
  struct Mailbox {
    std::string name;
    std::uint64_t messages = 0;
  };
  std::vector<Mailbox> mailboxes;
  std::vector<std::string> aliases;  ///< That lead to the account again.
  std::vector<std::string> taken;    ///< Aliases that are others' by now.
};

enum class Restore : std::uint8_t { now, dry_run };

/// `copy` is the store of the backup, `now` the server. Does nothing, and says why, if the account
/// exists or cannot be brought back as it was. Errors: not_found (the backup has no such account),
/// unavailable (it was removed only recently and needs no backup), and those of reading and
/// writing.
async::Task<Result<BroughtBack>> bring_back_whole(store::Store& copy, admin::Admin& now,
                                                  std::string name, Restore how);

}  // namespace posthorn::cli
