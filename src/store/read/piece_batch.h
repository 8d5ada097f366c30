#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "store/account.h"
#include "store/format/codec.h"

namespace posthorn::store {

/// Reads pieces of bodies together into one reused buffer. For operations that read many messages
/// once, which would otherwise push frequently read data out of the cache.
class PieceBatch {
 public:
  /// Limit of the batch; pieces beyond it are read one by one.
  static constexpr std::size_t kMostOctets = 512 * 1024;

  explicit PieceBatch(AccountPtr account) : account_(std::move(account)) {}

  /// Empties the batch and keeps the buffer.
  void clear();
  /// Adds those of the body's pieces that fit.
  void add(const BodyList& body) { add(body, 0, UINT64_MAX); }
  /// The same for the pieces that overlap [begin, end) of the body. The ranges of one body must
  /// come in ascending order.
  void add(const BodyList& body, std::uint64_t begin, std::uint64_t end);
  [[nodiscard]] bool is_full() const { return octets_ >= kMostOctets; }
  /// Reads the added pieces, all in one call of the engine, off the network threads. A piece that
  /// cannot be read is left out; the caller that needs it reads it separately and gets the error.
  async::Task<void> read();
  /// Like read(), for a thread without a loop.
  void read_blocking();
  /// Returns the piece's octets, valid until clear(). Fastest if called in the order of adding.
  [[nodiscard]] std::optional<std::string_view> find(const engine::PieceName& name) const;

 private:
  struct Entry {
    engine::PieceName name;
    std::size_t size = 0;
    const char* octets = nullptr;  ///< Null: the piece could not be read.
    /// Keeps the octets alive if they came from the cache.
    std::shared_ptr<const std::string> kept;
  };
  /// Takes from the cache what is there. Returns true if nothing is left to read.
  bool take_cached();
  async::Task<void> read_missing();

  AccountPtr account_;
  std::vector<Entry> entries_;
  std::size_t octets_ = 0;
  std::unique_ptr<char[]> room_;
  std::size_t room_size_ = 0;
  mutable std::size_t next_ = 0;
};

}  // namespace posthorn::store
