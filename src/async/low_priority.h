#pragma once

namespace posthorn::async {

/// Gives the calling thread a lower priority for the rest of its life: beside threads that are busy
/// it gets about a tenth of what each of them gets. Does nothing where that is not allowed.
void lower_priority_of_this_thread();

}  // namespace posthorn::async
