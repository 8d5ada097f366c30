#pragma once

#include <chrono>

namespace posthorn::app {

/// Limits the time in which the process must end from now on. If something prevents that (a disk
/// that does not answer, a thread that does not stop), it is logged, and the process ends with exit
/// code 1. Acknowledged changes are on the disk. Call once.
void end_within(std::chrono::seconds time);

}  // namespace posthorn::app
