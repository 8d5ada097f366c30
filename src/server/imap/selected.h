#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/number_set.h"
#include "base/result.h"
#include "server/imap/context/search_contexts.h"
#include "service/cursor.h"
#include "service/mailbox_ref.h"
#include "store/account.h"
#include "wire/imap/command/commands_mailbox.h"
#include "wire/imap/command/commands_message.h"

namespace posthorn::server::imap {

/// The selected mailbox, as this session and its client know it.
struct Selected {
  service::MailboxRef mailbox;
  wire::imap::SelectAccess access = wire::imap::SelectAccess::read_write;
  service::Cursor cursor;
  std::unique_ptr<store::Account::Watch> watch;
  NumberSet recent;             ///< UIDs that have \Recent in this session (RFC 3501 §2.3.2).
  NumberSet saved_result;       ///< The saved search result `$`, as UIDs (RFC 5182).
  service::Rights told_rights;  ///< Those that PERMANENTFLAGS was made of.
  /// The searches whose changes are told; null if there are none.
  std::unique_ptr<SearchContexts> contexts;
  bool idling = false;        ///< True during IDLE: changes wake the connection.
  bool said_modseq = false;   ///< The current command has sent a MODSEQ.
  bool said_removal = false;  ///< The current command has sent EXPUNGE or VANISHED.
  /// MOVE is allowed although the mailbox is read-only, as it brings back what was removed. Not if
  /// the client wanted to examine it only.
  bool brings_back = false;

  [[nodiscard]] bool is_read_only() const { return access == wire::imap::SelectAccess::read_only; }
  [[nodiscard]] const service::Membership& told() const { return cursor.told(); }

  /// Returns the sequence numbers a command's set means. UIDs that no message has are ignored.
  /// Errors: syntax for a sequence number that no message has (RFC 9051 §9 seq-number), which is
  /// answered BAD.
  [[nodiscard]] Result<NumberSet> resolve(const SequenceSet& set,
                                          wire::imap::Numbering numbering) const;
};

}  // namespace posthorn::server::imap
