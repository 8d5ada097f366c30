#include <array>
#include <utility>

#include "server/imap/commands.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

// RFC 2971 §3.1. The client's data must not influence anything (RFC 2971 §3.3), so it is not kept.
CommandTask cmd_id(Session& session, wire::imap::IdCommand&) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 1> fields = {
      {{"name", "Posthorn"}}};
  auto w = session.writer();
  wire::imap::format_id(w, fields);
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
