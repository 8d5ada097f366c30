#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "async/wait.h"
#include "engine/rados/ceph/connection.h"
#include "engine/rados/rados_engine.h"

namespace posthorn::engine::rados {

/// For tests: the Ceph configuration in the environment variable POSTHORN_CEPH_CONF; null if there
/// is no cluster to test with.
inline const char* test_conf() { return std::getenv("POSTHORN_CEPH_CONF"); }

/// For tests: a namespace of its own in the pools `mail` and `bodies` of the cluster, emptied at
/// the end. Requires: test_conf().
class TestStore {
 public:
  TestStore() {
    options.conf = test_conf();
    options.user = "admin";
    options.pool = "mail";
    options.body_pool = "bodies";
    options.name_space = "test-" + to_hex(random_partition_id());
  }
  ~TestStore() {
    const auto connection = Connection::open(options);
    if (!connection) return;
    for (const Pool pool : {Pool::rows, Pool::blobs}) {
      std::vector<std::string> names;
      static_cast<void>((*connection)->list(pool, [&](std::string_view name) {
        names.emplace_back(name);
        return true;
      }));
      for (const std::string& name : names) {
        WriteOp op;
        op.remove();
        async::wait((*connection)->write(pool, name, std::move(op)));
      }
    }
  }
  TestStore(const TestStore&) = delete;
  TestStore& operator=(const TestStore&) = delete;

  RadosOptions options;
};

}  // namespace posthorn::engine::rados
