#pragma once

#include "server/imap/session.h"
#include "service/list.h"
#include "wire/imap/response/format_list.h"

namespace posthorn::server::imap {

/// The attributes of a name, without \Subscribed (RFC 9051 §7.3.1). Special uses are always sent:
/// macOS Mail never requests them, and Outlook looks for them in LSUB.
wire::imap::ListAttributes list_attributes(const Session& session, const service::ListEntry& entry);

}  // namespace posthorn::server::imap
