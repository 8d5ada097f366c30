#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/engine_meter.h"
#include "engine/if_absent.h"

namespace posthorn::engine {

/// Where a store is in a Ceph cluster.
struct RadosOptions {
  std::string conf = "/etc/ceph/ceph.conf";  ///< Ceph's configuration file.
  std::string user = "posthorn";             ///< Without "client.".
  std::string pool;                          ///< Replicated: rows, holders of pieces, small pages.
  std::string body_pool;  ///< Large pages and pieces; may be erasure-coded. Empty: `pool`.
  /// The RADOS namespace, in both pools, that has this store and nothing else.
  std::string name_space = "posthorn";
  IfAbsent if_absent = IfAbsent::create;
  /// Counts what is written, unless it is null. Must outlive the engine.
  EngineMeter* meter = nullptr;
};

/// Opens a store in a Ceph cluster, or makes one in an empty namespace. Any number of processes may
/// have it open. Blocks, for some 15 s if the cluster does not answer.
/// Errors: unavailable (no cluster answers), no_permission (the user or its key is wrong, or it may
/// not do what is needed), not_found (a missing file or pool, or no store and none is to be made),
/// not_supported (written by a newer version; an unsuitable pool), bad_argument (the namespace has
/// objects of something else, or the two pools are not of one store), corrupt, io. The texts say
/// what to do.
Result<std::unique_ptr<Engine>> open_rados(const RadosOptions& options);

}  // namespace posthorn::engine
