#include <array>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "base/log.h"
#include "cli/command_line.h"
#include "cli/doctor/checks.h"
#include "cli/program.h"
#include "config/value.h"

// `posthorn doctor`.
namespace posthorn::cli {
namespace {

constexpr std::array kChecks{
    Check{"server", check_server},
    Check{"permissions", check_permissions},
    Check{"certificates", check_certificates},
    Check{"listeners", check_listeners},
    Check{"dns", check_dns},
    Check{"directories", check_directories},
    Check{"tokens", check_tokens},
    Check{"limits", check_limits},
    Check{"attachments", check_attachments},
    Check{"disk", check_disk},
    Check{"backups", check_backups},
    Check{"mta", check_mta},
};

constexpr int kWarnings = 2;  ///< The exit code; kFindings is that for faults.

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::ok: return "ok";
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::fault: return "fault";
  }
  return "fault";
}

void print(const Finding& finding, bool as_json) {
  if (as_json) {
    admin::Json line{
        {"severity", name_of(finding.severity)}, {"check", finding.check}, {"what", finding.what}};
    if (!finding.advice.empty()) line["advice"] = finding.advice;
    fmt::print("{}\n", boost::json::serialize(line));
    return;
  }
  fmt::print("{:<8} {:<13} {}\n", name_of(finding.severity), finding.check, finding.what);
  if (!finding.advice.empty()) fmt::print("{:<22} {}\n", "", finding.advice);
}

/// Prints what was found, and returns the exit code, which says the worst.
int report(const Findings& findings, bool as_json) {
  std::size_t faults = 0;
  std::size_t warnings = 0;
  for (const Finding& finding : findings.all()) {
    print(finding, as_json);
    faults += finding.severity == Severity::fault ? 1 : 0;
    warnings += finding.severity == Severity::warning ? 1 : 0;
  }
  if (!as_json)
    fmt::print(stderr, "{} {}, {} {}\n", faults, faults == 1 ? "fault" : "faults", warnings,
               warnings == 1 ? "warning" : "warnings");
  return faults != 0 ? kFindings : warnings != 0 ? kWarnings : 0;
}

/// A configuration that cannot be read is a finding too, and nothing else can be looked at then.
int report_no_config(const Error& error, bool as_json) {
  Findings findings;
  findings.begin("configuration");
  std::istringstream lines(error.text);
  for (std::string line; std::getline(lines, line);)
    findings.fault(line, "Correct the configuration; `posthorn config check` verifies it.");
  return report(findings, as_json);
}

void check_configuration(const Installation& installation, Findings& findings) {
  findings.begin("configuration");
  for (const std::string& warning : installation.loaded.warnings)
    findings.warning(warning, "Correct the configuration if that was not intended.");
  if (!findings.is_clean()) return;
  if (installation.config_file.empty()) {
    findings.note(fmt::format("there is no {}, so every key has its default", kDefaultConfig),
                  "Name another file with --config, or make one with `posthorn init`.");
  } else {
    findings.ok(installation.config_file + " is valid");
  }
}

int doctor(const Program& program, const DoctorOptions& options) {
  const Result<config::Duration> age = config::parse_duration(options.max_backup_age);
  if (!age) return complain(age.error());
  log::set_level(log::Level::off);
  Result<config::Loaded> loaded = load_config(program);
  if (!loaded) return report_no_config(loaded.error(), options.json);
  std::error_code ignored;
  std::string file = program.config_path;
  if (file.empty() && std::filesystem::exists(kDefaultConfig, ignored)) file = kDefaultConfig;
  Installation installation = examine(std::move(*loaded), std::move(file), options);
  installation.max_backup_age = std::chrono::duration_cast<std::chrono::seconds>(*age).count();
  Findings findings;
  check_configuration(installation, findings);
  for (const Check& check : checks()) {
    findings.begin(check.name);
    check.look(installation, findings);
  }
  return report(findings, options.json);
}

}  // namespace

std::span<const Check> checks() { return kChecks; }

void add_doctor(Command app, Program& program) {
  const auto options = std::make_shared<DoctorOptions>();
  const Command command = app.add_subcommand(
      "doctor", "Look for what is wrong with this installation, and say what to do");
  command
      .add_option("--dns-server", options->dns_server,
                  "Ask this name server instead of the system's resolver: an IPv4 address")
      .type_name("ADDRESS");
  command
      .add_option("--max-backup-age", options->max_backup_age,
                  "How old the last backup may be, such as 26h")
      .type_name("AGE")
      .default_str("26h");
  command
      .add_option("--postfix-config", options->postfix_config,
                  "The configuration directory of Postfix")
      .type_name("DIR");
  command.add_flag("--json", options->json, "Print one JSON object per line");
  command.footer(
      "Looks at the configuration, permissions, certificates, listeners, DNS records, "
      "directories,\n"
      "the identity provider, limits of the system, free space, the last backup and the settings\n"
      "of Postfix, and changes nothing.\n"
      "Works with a running server, and without one, which shows less. Run it as root, who may\n"
      "look everywhere. The exit code is 0 if nothing is wrong, 2 for warnings, 3 for faults.\n"
      "Examples:\n"
      "  posthorn doctor\n"
      "  posthorn --config new.toml doctor --json");
  command.callback([&program, options] {
    program.run = [&program, options] { return doctor(program, *options); };
  });
}

}  // namespace posthorn::cli
