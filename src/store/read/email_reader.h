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

/// Reads columns of stored messages, best in ordinal order: neighbours lie in one page. What is
/// cached is had at once; the rest is read off the network threads.
class EmailReader {
 public:
  explicit EmailReader(AccountPtr account);
  ~EmailReader();

  /// Makes these columns of these messages ready for get(). A few hundred at a time: pages stay in
  /// memory until the next call. Messages that cannot be read are left out; get() then says why.
  async::Task<void> load(std::span<const Ordinal> ordinals, Columns columns);
  /// Valid until the next load(). Requires: loaded. Errors: not_found, corrupt, io.
  Result<std::string_view> get(Ordinal ordinal, Column column) const;
  /// As load(), on a thread that may block.
  void load_blocking(std::span<const Ordinal> ordinals, Columns columns);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads a body by ranges. `body_column` is what EmailReader gives for Column::body.
class BodyReader {
 public:
  /// What `ahead` (may be null) holds is taken from there; it must outlive the reader. Errors:
  /// corrupt.
  static Result<BodyReader> open(AccountPtr account, std::string_view body_column,
                                 const PieceBatch* ahead = nullptr);

  /// Octets of the whole body (everything after the header block).
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const BodyList& list() const { return list_; }
  /// Up to one piece's worth of the body from `offset` on, at most `limit`; the bytes stay while
  /// the result is held and what was read ahead is. Empty at the end. Errors: not_found, corrupt,
  /// io.
  struct Chunk {
    std::shared_ptr<const std::string> piece;
    std::string_view bytes;
  };
  async::Task<Result<Chunk>> read(std::uint64_t offset, std::uint64_t limit);
  /// Finds out whether all of [begin, end) can be read, for those who must know before they begin.
  /// Every piece is read and its checksum verified. The first ones, up to a megabyte, are kept in
  /// the cache, where read() finds them; of those behind nothing is kept, so that a large body takes
  /// no memory. Errors: as read().
  async::Task<Status> prepare(std::uint64_t begin, std::uint64_t end);
  Result<Chunk> read_blocking(std::uint64_t offset, std::uint64_t limit);

 private:
  BodyReader() = default;
  struct Place {
    const BodyPiece* piece = nullptr;
    std::uint64_t within = 0;
  };
  /// Which piece an offset lies in, and where in it.
  [[nodiscard]] Place place_of(std::uint64_t offset) const;
  /// What is in memory of it. Errors: would_block; corrupt.
  Result<Chunk> at_hand(Place place, std::uint64_t limit) const;
  /// The pieces with octets of [begin, end) that are not in memory.
  [[nodiscard]] std::vector<const BodyPiece*> missing(std::uint64_t begin, std::uint64_t end) const;

  AccountPtr account_;
  const PieceBatch* ahead_ = nullptr;
  BodyList list_;
  std::uint64_t size_ = 0;
};

}  // namespace posthorn::store
