#include "cli/doctor/findings.h"

#include <algorithm>

namespace posthorn::cli {

bool Findings::is_clean() const {
  return std::ranges::none_of(all_, [&](const Finding& finding) {
    return finding.check == check_ && finding.severity != Severity::ok;
  });
}

}  // namespace posthorn::cli
