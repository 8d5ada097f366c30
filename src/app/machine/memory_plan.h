#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"

namespace posthorn::app {

/// How much memory the store may use, in octets.
struct MemoryPlan {
  std::uint64_t cache = 0;
  std::uint64_t write_buffer = 0;
  std::uint64_t versions = 0;
  std::string why;  ///< A sentence for the log and for `config show`.
};

/// The memory that this process can have, in octets: that of the machine, or less if a control
/// group (cgroup v2 or v1) has a limit. Returns 0 if the system does not say.
std::uint64_t available_memory();

/// Decides from the configuration: `memory` is divided if it is set. Otherwise the three keys of
/// [storage] count; if they are more than half of `available` together, each is reduced in
/// proportion, but to no less than what the store needs to work.
MemoryPlan plan_memory(const config::Config& config, std::uint64_t available);

/// "cache 256 MiB, write buffer 64 MiB, opened mailboxes 512 MiB (as configured in [storage])".
std::string describe(const MemoryPlan& plan);

}  // namespace posthorn::app
