#pragma once

#include <memory>

#include "async/task.h"
#include "base/number_set.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "store/account.h"

namespace posthorn::service {

/// The steps of a move of messages to another account. Each is one change of one account:
/// 1. begin(): the source's account notes it.
/// 2. The caller stores the messages in the target's account, with a change that calls mark().
/// 3. remove_originals(): the source loses the messages, and the note with them.
///
/// If the server is stopped on the way, the store finishes the move when it opens the source's
/// account again, before anybody sees it (store/value/move_out.h): so each message is in one of the
/// two. Who removes a message from the source between 1 and 3, perhaps in order to move it
/// elsewhere, was first: its copy has to be taken back().
class MoveAcross {
 public:
  /// Requires: at most kMaxTransferAcross messages.
  MoveAcross(MailboxRef source, NumberSet uids, MailboxRef target);
  MoveAcross(const MoveAcross&) = delete;
  MoveAcross& operator=(const MoveAcross&) = delete;

  /// Errors: io, unavailable.
  async::Task<Status> begin();
  void mark(store::Change& change) const;
  /// To be called if the change of the target's account has failed. If it is certain that nothing
  /// was stored, the note is removed.
  async::Task<void> give_up(const Error& why);
  /// Returns the UIDs of the messages that somebody else removed meanwhile; then the caller calls
  /// take_back(), and nobody else may have the copies. Errors: io, unavailable.
  async::Task<Result<NumberSet>> remove_originals();
  /// Removes copies from the target. Errors: io, unavailable.
  async::Task<Status> take_back(NumberSet copies);

 private:
  async::Task<void> forget();

  const MailboxRef source_;
  const NumberSet uids_;
  const MailboxRef target_;
  Seq id_;  ///< Of the note.
};

}  // namespace posthorn::service
