#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backup/repository.h"
#include "base/result.h"

namespace posthorn::backup {

/// How many backups to keep. Of each of the newest so many days, weeks (Monday to Sunday) and
/// months (in UTC) that have backups, the newest one is kept.
struct Keep {
  std::uint64_t last = 0;
  std::uint64_t daily = 0;
  std::uint64_t weekly = 0;
  std::uint64_t monthly = 0;
};

/// Returns those of `names` that are not to be kept. The newest is always kept.
std::vector<std::string> to_remove(std::vector<std::string> names, const Keep& keep);

struct Pruned {
  std::uint64_t contents = 0;  ///< That no backup refers to any more.
  std::uint64_t octets = 0;    ///< Their size.
};

/// Removes backups, then the contents that none of the others refers to. If a list of files cannot
/// be read, nothing is removed. The copies of an interrupted backup are removed too.
/// Requires: `repository` was opened to write.
Result<Pruned> remove_backups(const Repository& repository, const std::vector<std::string>& names);

}  // namespace posthorn::backup
