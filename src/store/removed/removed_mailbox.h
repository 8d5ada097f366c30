#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.h"
#include "async/turns.h"
#include "base/result.h"
#include "base/shared_value.h"
#include "store/account.h"

namespace posthorn::store {

/// The mailbox of removed messages. It is in no state of the account, so that nothing can change
/// it.
inline constexpr MailboxId kRemovedMailbox{UINT32_MAX};

/// Sets the name under which users see what was removed from their accounts. Empty: they do not
/// see it, which is how a store begins.
/// Thread: any.
void show_removed_mailboxes(Store& store, std::string name);

/// The messages that were removed from an account and whose content is still stored, as a mailbox:
/// a value like that of any other, which is computed from the account's log when somebody asks.
///
/// Shown is the last removal of each message that no mailbox contains, if it is among the newest
/// `kMost` removals (moves included) and not older than `StorePolicy::content_seconds`. That holds
/// for an account that is held, too (upkeep/hold.h): users are not told of a hold. What disappeared
/// from it never appears again, except as a new removal with a UID of its own, so UIDs ascend in
/// the order in which clients can learn of them (RFC 9051 §2.3.1.1).
///
/// HIGHESTMODSEQ is the number of the account's last change. What disappears by its age does so
/// without a change, and is told with the next one.
class RemovedMailbox {
 public:
  static constexpr std::size_t kMost = 20'000;

  /// The account's, which stays in memory for a while (removed_mailboxes.h).
  /// Thread: any.
  static std::shared_ptr<RemovedMailbox> of(const Account& account);

  RemovedMailbox();
  ~RemovedMailbox();
  RemovedMailbox(const RemovedMailbox&) = delete;
  RemovedMailbox& operator=(const RemovedMailbox&) = delete;

  /// Returns the mailbox as of the account's published state; if it has not been computed for that
  /// state, without contents and without counts and UIDs in its head. Null if there is none: no
  /// name is set, or the account has a mailbox of that name. Thread: any.
  [[nodiscard]] MailboxPtr published(const Account& account) const;

  /// Returns the mailbox with its contents, of a state that is not older than the published one.
  /// Resumes on the caller's loop. Errors: not_found (there is none), unavailable, io.
  async::Task<Result<MailboxPtr>> load(AccountPtr account);

 private:
  struct View;
  class Builder;
  using ViewPtr = std::shared_ptr<const View>;

  async::Task<Result<MailboxPtr>> build(AccountPtr account);

  SharedValue<View> view_;  ///< The last one that was built; null before the first.
  async::Turns builds_;     ///< Each view continues the one before, so they are built in turn.
};

/// The same as published() and load() of the account's. The first keeps nothing in memory.
[[nodiscard]] MailboxPtr published_removed(const Account& account);
async::Task<Result<MailboxPtr>> load_removed(AccountPtr account);

}  // namespace posthorn::store
