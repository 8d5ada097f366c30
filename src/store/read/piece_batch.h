#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "store/account.h"
#include "store/format/codec.h"

namespace posthorn::store {

/// Pieces of bodies read together, into one buffer that is used again and again: for what reads
/// many messages once, which would only drive out of the cache what is read often.
class PieceBatch {
 public:
  /// Beyond this nothing is taken in: a reader gets what is missing piece by piece.
  static constexpr std::size_t kMostOctets = 512 * 1024;

  explicit PieceBatch(AccountPtr account) : account_(std::move(account)) {}

  /// Empty again. The room stays.
  void clear();
  /// Those of its pieces there is room for.
  void add(const BodyList& body) { add(body, 0, UINT64_MAX); }
  /// The same for pieces with octets of [begin, end) of the body. Ranges of one body come in
  /// ascending order.
  void add(const BodyList& body, std::uint64_t begin, std::uint64_t end);
  [[nodiscard]] bool is_full() const { return octets_ >= kMostOctets; }
  /// Reads what was added; may block. A piece that cannot be read is left out: whoever wants it
  /// reads it by itself and is told why.
  void read();
  /// The piece's octets until clear(). Cheapest in the order they were added.
  [[nodiscard]] std::optional<std::string_view> find(const engine::PieceName& name) const;

 private:
  struct Entry {
    engine::PieceName name;
    std::size_t size = 0;
    const char* octets = nullptr;             ///< Null: could not be read.
    std::shared_ptr<const std::string> kept;  ///< Holds them, if they were in the cache.
  };
  void read(Entry& entry, char* room);

  AccountPtr account_;
  std::vector<Entry> entries_;
  std::size_t octets_ = 0;
  std::unique_ptr<char[]> room_;
  std::size_t room_size_ = 0;
  mutable std::size_t next_ = 0;
};

}  // namespace posthorn::store
