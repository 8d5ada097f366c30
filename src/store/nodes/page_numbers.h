#pragma once

#include <cstddef>
#include <cstdint>

#include "async/task.h"
#include "async/turns.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/result.h"

namespace posthorn::async {
class OffloadPool;
}
namespace posthorn::engine {
class Engine;
}

namespace posthorn::store {

/// Gives out the numbers of pages, for all accounts of this process. No two processes ever give out
/// the same one, although a page may be written before the commit that names it, so that the guard
/// of that commit cannot tell whether the number is free.
///
/// A number is 32 bits of the *writer* and 32 bits that count. A process becomes the next writer
/// when it needs its first number, by a commit of the system partition (docs/storage-format.md).
/// Thread: any.
class PageNumbers {
 public:
  explicit PageNumbers(engine::Engine& engine) : engine_(engine) {}

  /// Returns the first of `count` consecutive numbers, or 0 if prepare() has to be called first.
  /// Never waits.
  [[nodiscard]] PageNumber take(std::size_t count = 1);
  /// Makes sure that some million numbers are left, which takes a commit at most once in a
  /// process's life, or once in four thousand million pages. Errors: io, unavailable, limit.
  async::Task<Status> prepare(async::OffloadPool& pool);

  /// Every page of a store of format 1 has a number below those of the first writer: the numbers of
  /// each account began at 1, and jumped by 2^32 when the store had become older than its clients.
  static constexpr std::uint32_t kFirstWriter = 1U << 16;
  /// The number of writers that are skipped when the store may have forgotten some of them.
  static constexpr std::uint32_t kJump = 1U << 16;

 private:
  [[nodiscard]] bool are_left(std::size_t count);
  /// Blocks.
  Status become_writer();

  engine::Engine& engine_;
  async::Turns turns_;
  Mutex mutex_;
  PageNumber next_ POSTHORN_GUARDED_BY(mutex_);
  std::uint64_t left_ POSTHORN_GUARDED_BY(mutex_) = 0;
};

}  // namespace posthorn::store
