#include <unistd.h>

#include <filesystem>

#include "base/version.h"
#include "cli/doctor/checks.h"

namespace posthorn::cli {

using admin::text_of;

void check_server(const Installation& installation, Findings& findings) {
  const std::string& data_dir = installation.config().data_dir;
  if (!installation.silent.empty()) {
    findings.fault(installation.silent,
                   ::geteuid() == 0
                       ? "Look at its log. If it hangs, restart it."
                       : "Run this command as root or as the server's user. If it fails then too, "
                         "look at the server's log.");
    return;
  }
  if (!installation.is_running()) {
    std::error_code error;
    if (!std::filesystem::exists(data_dir, error)) {
      findings.fault(data_dir + " does not exist or cannot be entered",
                     "Make it with `posthorn init`, or name another with --data-dir or in the "
                     "configuration.");
      return;
    }
    findings.note("the server is not running, so only what lies on the disk is looked at",
                  "Start it (`systemctl start posthorn`, or `posthorn serve`) and look again.");
    return;
  }
  const std::string_view version = text_of(*installation.status, "version");
  if (version != kProgramVersion) {
    findings.warning(fmt::format("process {} runs version {}, but version {} is installed",
                                 installation.process(), version, kProgramVersion),
                     "Restart the server to use what is installed.");
    return;
  }
  findings.ok(fmt::format("version {} runs as process {}", version, installation.process()));
}

}  // namespace posthorn::cli
