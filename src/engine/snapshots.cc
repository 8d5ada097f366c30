#include "engine/snapshots.h"

#include "engine/engine.h"

namespace posthorn::engine {

Snapshots* snapshots_of(Engine& engine) { return dynamic_cast<Snapshots*>(&engine); }

}  // namespace posthorn::engine
