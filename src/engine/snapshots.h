#pragma once

#include <string>

#include "base/result.h"

namespace posthorn::engine {

class Engine;

/// What an engine that keeps its data in files can do besides `Engine`: copy itself while it is in
/// use. Engines that keep no files of their own are backed up by the means of their system.
class Snapshots {
 public:
  virtual ~Snapshots() = default;
  /// Makes the folder `path`, which must not exist, a store of its own with the state of one
  /// moment: all partitions as they were at some point between the call and the return, so that
  /// everything acknowledged before the call is in it. Its files never change afterwards, and those
  /// that are large are the store's own (hard links): `path` must be on the same file system. They
  /// keep their disk space while the folder exists. After an error there is no folder at `path`.
  ///
  /// Waits for the disk. Thread: any; one call at a time.
  /// Errors: io, unavailable.
  virtual Status snapshot(const std::string& path) = 0;
};

/// Returns null if the engine cannot make snapshots.
Snapshots* snapshots_of(Engine& engine);

}  // namespace posthorn::engine
