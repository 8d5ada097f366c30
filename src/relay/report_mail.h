#pragma once

#include <string>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "message/delivery_report.h"
#include "relay/options.h"
#include "store/account.h"
#include "store/value/email.h"
#include "store/value/outbox.h"

namespace posthorn::relay {

/// Whom a report is for.
struct ReportReader {
  std::string address;
  /// Somebody on another server, for whom a message was forwarded; it is mailed, and not put into a
  /// mailbox of the account.
  bool is_elsewhere = false;
};

/// Creates the report of an entry. The change that records the reported facts must append it to a
/// mailbox of the account, or queue it there for the reader. Errors: those of reading and writing
/// mail.
async::Task<Result<store::NewEmail>> make_report(store::AccountPtr account,
                                                 store::OutboxEntryPtr entry,
                                                 std::vector<message::ReportedRecipient> recipients,
                                                 ReportReader reader, const RelayOptions& options);

}  // namespace posthorn::relay
