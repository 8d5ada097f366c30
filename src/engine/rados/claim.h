#pragma once

#include "base/result.h"
#include "engine/rados/ceph/connection.h"
#include "engine/rados/rados_engine.h"

namespace posthorn::engine::rados {

/// Makes sure that the namespace has a store that this program can use, and that the user may write
/// to it; or makes a store of an empty namespace. Blocks. Errors: those of open_rados().
Status claim(Connection& connection, const RadosOptions& options);

}  // namespace posthorn::engine::rados
