#include <array>
#include <string>

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "service/sharing/shared_name.h"
#include "wire/imap/response/format_list.h"

namespace posthorn::server::imap {

// RFC 9051 §6.3.10. Always the same, also as long as nothing is shared: clients ask once and
// remember.
CommandTask cmd_namespace(Session& session, wire::imap::NamespaceCommand&) {
  using Entry = wire::imap::NamespaceEntry;
  constexpr std::array<Entry, 1> personal = {{{"", store::kDelimiter}}};
  const std::string other_prefix = std::string(service::kOtherUsers) + store::kDelimiter;
  const std::string shared_prefix = std::string(service::kSharedFolders) + store::kDelimiter;
  const std::array<Entry, 1> others = {{{other_prefix, store::kDelimiter}}};
  const std::array<Entry, 1> shared = {{{shared_prefix, store::kDelimiter}}};
  auto w = session.writer();
  wire::imap::format_namespace(w, {personal, others, shared});
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
