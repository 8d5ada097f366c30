#pragma once

#include "async/task.h"
#include "base/result.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

/// Tells a client that has enabled METADATA, and does not use NOTIFY, which annotations have
/// changed of the mailboxes of others that the user may look up and read (RFC 5464 §4.4.2). The
/// first call only begins to watch them: what is there then counts as told. Of at most
/// OthersTold::kMostAccounts accounts. Errors: closed, io (the connection's).
async::Task<Status> tell_annotations_of_others(Session& session);

}  // namespace posthorn::server::imap
