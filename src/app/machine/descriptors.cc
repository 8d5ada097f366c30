#include "app/machine/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/log.h"

namespace posthorn::app {
namespace {

/// For listeners, event loops, the engine's other files (log, manifest, files being written),
/// certificates, and name resolution.
constexpr std::uint64_t kOther = 60;
/// With fewer connections the server is hardly usable.
constexpr std::uint64_t kFewest = 128;
constexpr std::uint64_t kFewestEngineFiles = 20;
constexpr std::uint64_t kMost = 10'000'000;

}  // namespace

Result<Descriptors> divide_descriptors(std::uint64_t limit, const config::Config& config) {
  if (limit < kFewest)
    return fail(ErrorKind::limit,
                fmt::format("this process may open {} files, but needs at least {} "
                            "(ulimit -n, or LimitNOFILE= of the unit)",
                            limit, kFewest));
  Descriptors given;
  given.limit = std::min(limit, kMost);
  const std::uint64_t left = given.limit - kOther;
  // Connections to the relay are taken from the clients' share.
  const std::uint64_t wanted = config.limits.connections + config.relay.connections;
  given.engine_files = config.storage.max_open_files;
  if (given.engine_files + wanted > left)
    given.engine_files = std::min(given.engine_files, std::max(kFewestEngineFiles, left / 3));
  const std::uint64_t for_clients =
      left - given.engine_files - std::min(config.relay.connections, left / 8);
  given.connections = std::min(config.limits.connections, for_clients);
  // Calculated from the upper end, since the system assigns the lowest free descriptor first: the
  // descriptors above are always free for other uses, whoever came first.
  given.below = static_cast<int>(given.limit - kOther / 2 - given.engine_files);
  return given;
}

Result<Descriptors> claim_descriptors(const config::Config& config) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return fail(ErrorKind::io, "the limit on open files of this process cannot be read");
  const rlim_t before = limit.rlim_cur;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  auto given = divide_descriptors(limit.rlim_cur, config);
  if (!given) return given;
  log::info("open files: {} allowed (was {}), {} for the storage engine, {} connections at once",
            given->limit, before, given->engine_files, given->connections);
  if (given->connections < config.limits.connections)
    log::warning(
        "limits.connections is {}, but only {} fit into the {} files this process may "
        "open (ulimit -n, or LimitNOFILE= of the unit)",
        config.limits.connections, given->connections, given->limit);
  return given;
}

}  // namespace posthorn::app
