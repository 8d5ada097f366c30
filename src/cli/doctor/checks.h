#pragma once

#include <span>
#include <string_view>

#include "cli/doctor/findings.h"
#include "cli/doctor/installation.h"

namespace posthorn::cli {

/// One subject that `posthorn doctor` looks at. A new one is a function in a file of its own
/// (check_<name>.cc), declared here, and a row in doctor.cc.
struct Check {
  std::string_view name;
  void (*look)(const Installation& installation, Findings& findings);
};

/// All checks, in the order in which an operator should mend what they find.
std::span<const Check> checks();

void check_server(const Installation& installation, Findings& findings);
void check_permissions(const Installation& installation, Findings& findings);
void check_certificates(const Installation& installation, Findings& findings);
void check_listeners(const Installation& installation, Findings& findings);
void check_dns(const Installation& installation, Findings& findings);
void check_limits(const Installation& installation, Findings& findings);
void check_disk(const Installation& installation, Findings& findings);
void check_backups(const Installation& installation, Findings& findings);
void check_attachments(const Installation& installation, Findings& findings);
void check_directories(const Installation& installation, Findings& findings);
void check_tokens(const Installation& installation, Findings& findings);
void check_mta(const Installation& installation, Findings& findings);

}  // namespace posthorn::cli
