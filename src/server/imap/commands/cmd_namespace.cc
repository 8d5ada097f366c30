#include <array>

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "wire/imap/response/format_list.h"

namespace posthorn::server::imap {

// RFC 9051 §6.3.10: all mailboxes are in the user's personal namespace.
CommandTask cmd_namespace(Session& session, wire::imap::NamespaceCommand&) {
  constexpr std::array<wire::imap::NamespaceEntry, 1> personal = {{{"", store::kDelimiter}}};
  auto w = session.writer();
  wire::imap::format_namespace(w, {personal, {}, {}});
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
