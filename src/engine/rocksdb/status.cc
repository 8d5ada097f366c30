#include "engine/rocksdb/status.h"

namespace posthorn::engine::rocks {

Error error_from(const ::rocksdb::Status& status) {
  const auto as = [&](ErrorKind kind, std::string text) {
    return Error{kind, std::move(text), status.ToString()};
  };
  if (status.IsNotFound()) return as(ErrorKind::not_found, "no such record");
  if (status.IsIncomplete()) return as(ErrorKind::would_block, "not in the cache");
  if (status.IsCorruption()) return as(ErrorKind::corrupt, "a stored record is damaged");
  if (status.IsNoSpace()) return as(ErrorKind::io, "the disk is full");
  if (status.IsBusy() || status.IsTryAgain() || status.IsTimedOut() ||
      status.IsShutdownInProgress())
    return as(ErrorKind::unavailable, "the storage engine is busy");
  return as(ErrorKind::io, "the storage engine failed");
}

}  // namespace posthorn::engine::rocks
