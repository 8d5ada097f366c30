#include "app/accounts/try_directories.h"
#include "cli/doctor/checks.h"

namespace posthorn::cli {

void check_directories(const Installation& installation, Findings& findings) {
  const auto trials = app::try_directories(installation.config());
  if (!trials) {
    findings.fault(trials.error().text, "Correct the configuration (docs/directories.md).");
    return;
  }
  for (const app::DirectoryTrial& trial : *trials) {
    if (trial.answered) {
      findings.ok(fmt::format("directory {} answers", trial.name));
      continue;
    }
    std::string what = fmt::format("directory {}: {}", trial.name, trial.answered.error().text);
    if (trial.answered.error().kind == ErrorKind::corrupt) {
      findings.fault(std::move(what),
                     fmt::format("Let the filter or the queries of [directory.{}] compare the name "
                                 "that is asked for (docs/directories.md).",
                                 trial.name));
      continue;
    }
    findings.fault(std::move(what),
                   fmt::format("Look at [directory.{}] in the configuration, and whether that "
                               "server runs and can be reached from here. If it knows its clients "
                               "by their system user, run this command as the server's user.",
                               trial.name));
  }
}

}  // namespace posthorn::cli
