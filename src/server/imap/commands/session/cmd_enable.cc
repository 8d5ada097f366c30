#include <vector>

#include "server/imap/commands.h"
#include "server/imap/notify/tell_annotations.h"
#include "server/imap/session.h"

namespace posthorn::server::imap {

// RFC 5161 §3.1, RFC 7162 §3.2.3, RFC 9755 §3, RFC 9586 §3, RFC 5464 §4.1, RFC 9051 §6.3.1. Unknown
// capabilities are ignored.
CommandTask cmd_enable(Session& session, wire::imap::EnableCommand& command) {
  std::vector<std::string_view> names;
  const auto add = [&](std::string_view name, bool& flag) {
    if (!flag) names.push_back(name);
    flag = true;
  };
  for (const std::string& name : command.capabilities) {
    if (!session.is_offered(name)) continue;
    if (name == "IMAP4REV2") add("IMAP4rev2", session.enabled.rev2);
    if (name == "UTF8=ACCEPT") add("UTF8=ACCEPT", session.enabled.utf8);
    if (name == "QRESYNC") add("QRESYNC", session.enabled.qresync);
    if (name == "UIDONLY") add("UIDONLY", session.enabled.uid_only);
    if (name == "METADATA") {
      add("METADATA", session.enabled.metadata);
      if (!session.told_metadata) session.told_metadata = session.account->published()->annotations;
    }
    if (name == "CONDSTORE" || name == "QRESYNC") {
      // QRESYNC includes CONDSTORE, and clients look for both names.
      if (!session.enabled.condstore) names.push_back("CONDSTORE");
      session.enable_condstore();
    }
  }
  auto w = session.writer();
  wire::imap::format_enabled(w, names);
  // What others have annotated so far counts as told.
  if (!session.annotations_of_others) (void)co_await tell_annotations_of_others(session);
  co_return Reply::ok();
}

}  // namespace posthorn::server::imap
