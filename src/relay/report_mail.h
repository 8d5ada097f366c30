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

/// Creates the report of an entry for its sender. The change that records the reported facts must
/// append it to a mailbox of the sender's account. Errors: those of reading and writing mail.
async::Task<Result<store::NewEmail>> make_report(store::AccountPtr account,
                                                 store::OutboxEntryPtr entry,
                                                 std::vector<message::ReportedRecipient> recipients,
                                                 const RelayOptions& options);

}  // namespace posthorn::relay
