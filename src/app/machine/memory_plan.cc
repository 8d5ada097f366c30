#include "app/machine/memory_plan.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <string_view>

namespace posthorn::app {
namespace {

constexpr std::uint64_t kMebi = 1 << 20;
constexpr std::uint64_t kLeastCache = 8 * kMebi;
constexpr std::uint64_t kLeastWriteBuffer = 4 * kMebi;
constexpr std::uint64_t kLeastVersions = 16 * kMebi;

/// The limit of the control group in which the process is, as systemd and containers set it: there
/// the group's own files are at the root. Returns 0 if there is none.
std::uint64_t group_limit() {
  constexpr std::array<const char*, 2> kFiles = {"/sys/fs/cgroup/memory.max",
                                                 "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
  std::uint64_t least = 0;
  const auto take = [&least](const std::string& path) {
    std::ifstream file(path);
    std::string text;
    if (!std::getline(file, text)) return;
    std::uint64_t limit = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (error != std::errc() || end != text.data() + text.size()) return;  // "max"
    if (least == 0 || limit < least) least = limit;
  };
  for (const char* const file : kFiles) take(file);
  // Outside of a container, the group is named here, and so are the groups around it.
  std::ifstream own("/proc/self/cgroup");
  for (std::string line; std::getline(own, line);) {
    if (!line.starts_with("0::/")) continue;
    for (std::string group = line.substr(3); group.size() > 1;
         group.resize(group.find_last_of('/')))
      take("/sys/fs/cgroup" + group + "/memory.max");
  }
  return least;
}

}  // namespace

std::uint64_t available_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGE_SIZE);
  std::uint64_t memory = pages > 0 && page > 0
                             ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page)
                             : 0;
  if (const std::uint64_t limit = group_limit(); limit != 0 && (memory == 0 || limit < memory))
    memory = limit;
  return memory;
}

MemoryPlan plan_memory(const config::Config& config, std::uint64_t available) {
  const config::Storage& wanted = config.storage;
  MemoryPlan plan{wanted.cache, wanted.write_buffer, wanted.version_memory, {}};
  const std::uint64_t sum = plan.cache + plan.write_buffer + plan.versions;
  const std::uint64_t most = config.memory != 0 ? config.memory : available / 2;
  if (config.memory == 0 && (available == 0 || sum <= most)) {
    plan.why = "as configured in [storage]";
    return plan;
  }
  const auto part = [&](std::uint64_t of, std::uint64_t least) {
    // In floating point, since the product of two sizes may not fit.
    const double share = static_cast<double>(of) / static_cast<double>(sum);
    return std::max(least, static_cast<std::uint64_t>(share * static_cast<double>(most)));
  };
  plan = {part(wanted.cache, kLeastCache),
          part(wanted.write_buffer, kLeastWriteBuffer),
          part(wanted.version_memory, kLeastVersions),
          {}};
  plan.why = config.memory != 0
                 ? fmt::format("'memory' is {} MiB", config.memory / kMebi)
                 : fmt::format("{} MiB of memory are available, and at most half of it is used",
                               available / kMebi);
  return plan;
}

std::string describe(const MemoryPlan& plan) {
  return fmt::format("cache {} MiB, write buffer {} MiB, opened mailboxes {} MiB ({})",
                     plan.cache / kMebi, plan.write_buffer / kMebi, plan.versions / kMebi,
                     plan.why);
}

}  // namespace posthorn::app
