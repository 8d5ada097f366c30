#include "app/machine/deadline.h"

#include <cstdlib>
#include <system_error>
#include <thread>

#include "base/log.h"

namespace posthorn::app {

void end_within(std::chrono::seconds time) {
  // Not joined: the thread ends with the process.
  try {
    std::thread([time] {
      std::this_thread::sleep_for(time);
      log::error("not stopped {} seconds after the signal: exiting at once", time.count());
      std::_Exit(1);
    }).detach();
  } catch (const std::system_error& error) {
    log::warning("the deadline for stopping cannot be enforced: {}", error.what());
  }
}

}  // namespace posthorn::app
