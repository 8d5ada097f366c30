#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/number_set.h"
#include "base/result.h"
#include "service/cursor.h"
#include "store/account.h"
#include "wire/imap/command/commands_mailbox.h"
#include "wire/imap/command/commands_message.h"

namespace posthorn::server::imap {

/// The selected mailbox as this session knows it.
struct Selected {
  MailboxId id;
  wire::imap::SelectAccess access = wire::imap::SelectAccess::read_write;
  service::Cursor cursor;
  std::unique_ptr<store::Account::Watch> watch;
  NumberSet recent;           ///< UIDs that have \Recent here (RFC 3501 §2.3.2).
  NumberSet saved_result;     ///< UIDs: `$` (RFC 5182).
  bool idling = false;        ///< News wake the connection.
  bool said_modseq = false;   ///< A MODSEQ was told by the command being done.
  bool said_removal = false;  ///< EXPUNGE or VANISHED was.

  [[nodiscard]] bool is_read_only() const { return access == wire::imap::SelectAccess::read_only; }
  [[nodiscard]] const service::Membership& told() const { return cursor.told(); }

  /// The sequence numbers a command means. Errors: bad_argument for a number no message has, where
  /// numbers are used (RFC 9051 §9 seq-number); UIDs no message has mean nothing.
  [[nodiscard]] Result<NumberSet> resolve(const SequenceSet& set,
                                          wire::imap::Numbering numbering) const;
};

}  // namespace posthorn::server::imap
