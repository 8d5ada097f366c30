#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace posthorn::app {

struct SalvageReport {
  std::uint64_t accounts = 0;
  std::uint64_t mailboxes = 0;
  std::uint64_t messages = 0;
  /// What could not be brought out, one sentence each: files, accounts, mailboxes, messages.
  std::vector<std::string> losses;
  std::vector<std::string> notes;  ///< What to know besides, though nothing may be lost.
};

/// Brings everything that can still be read out of the data directory `from`, whose store need not
/// open, into the new data directory `into`. `from` is only read. The new store is mended, so that
/// it opens as any other, and checked, bodies included; then the other files of the data directory
/// are copied. If it is interrupted, `into` has no store, and the salvage can be repeated.
/// `config` is used for the memory of the store.
///
/// Blocks, for about as long as reading the whole store three times takes.
/// Errors: those of engine::salvage_rocksdb; already_exists (`into` is not empty), io, unavailable.
Result<SalvageReport> salvage(const config::Config& config, const std::string& from,
                              const std::string& into);

}  // namespace posthorn::app
