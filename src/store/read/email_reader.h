#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"
#include "store/value/email.h"

namespace posthorn::store {

enum class Column : std::uint8_t { keys = 1, structure = 2, header = 4, body = 8 };
using Columns = std::uint8_t;
constexpr Columns bit(Column c) { return static_cast<Columns>(c); }

class PieceBatch;

/// Reads columns of stored messages. Fastest in ordinal order, since neighbours share a page.
/// Cached data is returned at once; other data is read and decoded off the network threads.
class EmailReader {
 public:
  explicit EmailReader(AccountPtr account);
  ~EmailReader();

  /// Prepares these columns of these messages for get(). Call it for a few hundred messages at a
  /// time: pages stay in memory until the next call. `ordinals` must outlive the task. Messages
  /// that cannot be read are left out; get() then returns the error.
  async::Task<void> load(std::span<const Ordinal> ordinals, Columns columns);
  /// The result is valid until the next load(). Requires: the message was loaded. Errors:
  /// not_found, corrupt, io.
  Result<std::string_view> get(Ordinal ordinal, Column column) const;
  /// Like load(), for a thread without a loop.
  void load_blocking(std::span<const Ordinal> ordinals, Columns columns);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads ranges of a body. `body_column` is the value that EmailReader returns for Column::body.
class BodyReader {
 public:
  /// Pieces in `ahead` (may be null) are taken from there; it must outlive the reader. Errors:
  /// corrupt.
  static Result<BodyReader> open(AccountPtr account, std::string_view body_column,
                                 const PieceBatch* ahead = nullptr);

  /// Number of octets in the whole body (everything after the header block).
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const BodyList& list() const { return list_; }
  /// Returns at most `limit` octets of the body from `offset` on, from a single piece; empty at the
  /// end. The bytes are valid while the result and the batch read ahead exist. Errors: not_found,
  /// corrupt, io.
  struct Chunk {
    std::shared_ptr<const std::string> piece;
    std::string_view bytes;
  };
  async::Task<Result<Chunk>> read(std::uint64_t offset, std::uint64_t limit);
  /// Checks that all of [begin, end) can be read, for callers that must know before they send the
  /// first octet. Reads every piece and verifies its checksum. The first pieces, up to one
  /// megabyte, stay in the cache, where read() finds them; later ones are not kept, so that a large
  /// body takes no memory. Errors: as read().
  async::Task<Status> prepare(std::uint64_t begin, std::uint64_t end);
  /// Like read(), for a thread without a loop.
  Result<Chunk> read_blocking(std::uint64_t offset, std::uint64_t limit);

 private:
  BodyReader() = default;
  struct Place {
    const BodyPiece* piece = nullptr;
    std::uint64_t within = 0;
  };
  /// The piece that contains an offset, and the offset within it.
  [[nodiscard]] Place place_of(std::uint64_t offset) const;
  /// For a body that is in the column.
  [[nodiscard]] Chunk inside_at(std::uint64_t offset, std::uint64_t limit) const;
  /// Returns the octets that are in memory. Errors: would_block; corrupt.
  Result<Chunk> at_hand(Place place, std::uint64_t limit) const;
  /// The pieces that overlap [begin, end) and are not in memory.
  [[nodiscard]] std::vector<const BodyPiece*> missing(std::uint64_t begin, std::uint64_t end) const;

  AccountPtr account_;
  const PieceBatch* ahead_ = nullptr;
  BodyList list_;
  std::shared_ptr<const std::string> inside_;  ///< The body, if it is in the column.
  std::uint64_t size_ = 0;
};

}  // namespace posthorn::store
