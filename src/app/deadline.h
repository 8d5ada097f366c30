#pragma once

#include <chrono>

namespace posthorn::app {

/// From now on the process has this long to end. If it has not by then, whatever keeps it (a disk
/// that does not answer, a thread that does not stop), that is logged and the process ends with
/// exit code 1: what was acknowledged is on the disk. Once a process.
void end_within(std::chrono::seconds time);

}  // namespace posthorn::app
