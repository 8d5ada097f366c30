#include "async/low_priority.h"

#include <sys/resource.h>
#include <unistd.h>

namespace posthorn::async {

void lower_priority_of_this_thread() {
  constexpr int kNice = 10;
  // On Linux, the priority is that of one thread.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
}

}  // namespace posthorn::async
