#include "engine/rados/rados_engine.h"

// In place of rados/, in programs that are built without librados.
namespace posthorn::engine {

Result<std::unique_ptr<Engine>> open_rados(const RadosOptions& /*options*/) {
  return fail(ErrorKind::not_supported,
              "storage.engine is \"rados\", and this program was built without that engine "
              "(docs/clustering.md says how to build one with it)");
}

}  // namespace posthorn::engine
