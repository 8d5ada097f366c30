#include "app/mta/mta_check.h"
#include "app/mta/mta_lines.h"
#include "cli/doctor/checks.h"
#include "cli/mta/postfix.h"

namespace posthorn::cli {

void check_mta(const Installation& installation, Findings& findings) {
  const config::Listen& listen = installation.config().listen;
  if (listen.lmtp.empty() && listen.lmtp_socket.empty()) {
    findings.warning("LMTP is not served, so no mail comes in",
                     "Set listen.lmtp_socket, and let a mail server deliver there.");
    return;
  }
  // Postfix may also be used without these, by lines of the operator's own.
  const auto lines = app::postfix_lines(installation.config());
  if (!lines) return;
  const auto found = ask_postfix(installation.options.postfix_config);
  if (!found) {
    // Not found: it is another mail server, or one on another machine.
    if (found.error().kind != ErrorKind::not_found)
      findings.note("the settings of Postfix cannot be read: " + found.error().text,
                    "Look at what `postconf` says, or name the directory with --postfix-config.");
    return;
  }
  for (const app::PostfixDifference& difference :
       app::compare_postfix(app::parse_postfix_lines(*lines), *found))
    findings.warning(
        fmt::format("Postfix: {} is '{}'", difference.name, difference.found),
        fmt::format("Set it to '{}'; `posthorn mta postfix` prints all lines.", difference.wanted));
  if (findings.is_clean()) findings.ok("Postfix has the lines that `posthorn mta postfix` prints");
}

}  // namespace posthorn::cli
