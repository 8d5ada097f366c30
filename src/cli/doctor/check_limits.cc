#include <sys/resource.h>

#include <charconv>
#include <fstream>
#include <optional>

#include "app/machine/descriptors.h"
#include "app/machine/memory_plan.h"
#include "cli/doctor/checks.h"
#include "cli/sizes.h"

namespace posthorn::cli {
namespace {

/// The hard limit of a process on open files, as the kernel says; none if it does not.
std::optional<std::uint64_t> limit_of(pid_t process) {
  std::ifstream limits(fmt::format("/proc/{}/limits", process));
  constexpr std::string_view kName = "Max open files";
  for (std::string line; std::getline(limits, line);) {
    if (!line.starts_with(kName)) continue;
    // The soft limit, the hard limit, the unit; the server raises the first to the second.
    std::vector<std::uint64_t> numbers;
    const char* at = line.data() + kName.size();
    const char* const end = line.data() + line.size();
    while (at != end && numbers.size() < 2) {
      std::uint64_t number = 0;
      const auto [next, error] = std::from_chars(at, end, number);
      if (error == std::errc()) numbers.push_back(number);
      at = error == std::errc() ? next : at + 1;
    }
    if (numbers.size() == 2) return numbers[1];
  }
  return std::nullopt;
}

void look_at_files(const Installation& installation, Findings& findings) {
  std::optional<std::uint64_t> limit;
  if (installation.is_running()) {
    limit = limit_of(installation.process());
    if (!limit) {
      findings.note("the limits of the server's process cannot be read",
                    "Run this command as root or as the server's user.");
      return;
    }
  } else {
    rlimit own{};
    if (::getrlimit(RLIMIT_NOFILE, &own) == 0) limit = own.rlim_max;
  }
  if (!limit) return;
  const char* const whose =
      installation.is_running() ? "the server" : "a process started from this shell";
  constexpr const char* kRaise =
      "Raise it (LimitNOFILE= of the unit, or `ulimit -n`), or lower limits.connections.";
  const auto given = app::divide_descriptors(*limit, installation.config());
  if (!given) {
    findings.fault(fmt::format("{}, and {} may open only {}", given.error().text, whose, *limit),
                   kRaise);
    return;
  }
  const std::uint64_t wanted = installation.config().limits.connections;
  if (given->connections < wanted) {
    findings.warning(
        fmt::format("limits.connections is {}, but {} may open {} files, which is enough for {}",
                    wanted, whose, *limit, given->connections),
        kRaise);
  } else {
    findings.ok(fmt::format("{} connections fit into {} open files", wanted, *limit));
  }
}

void look_at_memory(const Installation& installation, Findings& findings) {
  const std::uint64_t available = app::available_memory();
  if (available == 0) return;
  const app::MemoryPlan plan = app::plan_memory(installation.config(), available);
  const std::uint64_t sum = plan.cache + plan.write_buffer + plan.versions;
  if (sum > available / 4 * 3) {
    findings.add(sum > available ? Severity::fault : Severity::warning,
                 fmt::format("caches and buffers may take {} of {} of memory", format_octets(sum),
                             format_octets(available)),
                 "Lower 'memory', or give the machine or the control group more.");
  } else {
    findings.ok(fmt::format("caches and buffers take {} of {} of memory at most",
                            format_octets(sum), format_octets(available)));
  }
}

}  // namespace

void check_limits(const Installation& installation, Findings& findings) {
  look_at_files(installation, findings);
  look_at_memory(installation, findings);
}

}  // namespace posthorn::cli
