#include "store/read/piece_batch.h"

#include <utility>

#include "async/offload.h"
#include "async/wait.h"
#include "store/format/record.h"
#include "store/store_state.h"

namespace posthorn::store {

void PieceBatch::clear() {
  entries_.clear();
  octets_ = 0;
  next_ = 0;
}

void PieceBatch::add(const BodyList& body, std::uint64_t begin, std::uint64_t end) {
  std::uint64_t at = 0;
  for (const BodyPiece& piece : body.pieces) {
    const std::uint64_t from = std::exchange(at, at + piece.size);
    if (from >= end) return;
    if (at <= begin) continue;
    // The piece in which the previous range ended.
    if (!entries_.empty() && entries_.back().name == piece.name) continue;
    if (octets_ + piece.size > kMostOctets) {
      octets_ = kMostOctets;
      return;
    }
    entries_.push_back({piece.name, piece.size, nullptr, nullptr});
    octets_ += piece.size;
  }
}

bool PieceBatch::take_cached() {
  bool all = true;
  for (Entry& entry : entries_) {
    entry.octets = nullptr;
    entry.kept = account_->store().state().pieces.find(entry.name);
    if (entry.kept && entry.kept->size() == entry.size) entry.octets = entry.kept->data();
    all = all && entry.octets != nullptr;
  }
  return all;
}

async::Task<void> PieceBatch::read_missing() {
  struct Missing {
    Entry* entry;
    std::size_t at;  ///< Where its octets begin in room_.
  };
  std::size_t wanted = 0;
  std::vector<Missing> missing;
  std::vector<engine::PieceName> names;
  for (Entry& entry : entries_) {
    if (entry.octets != nullptr) continue;
    missing.push_back({&entry, wanted});
    names.push_back(entry.name);
    wanted += entry.size;
  }
  if (wanted > room_size_) {
    room_ = std::make_unique_for_overwrite<char[]>(wanted);
    room_size_ = wanted;
  }
  // Each piece is decompressed while its bytes are in the processor's cache.
  co_await account_->store().engine().visit_pieces(
      std::move(names), [&](std::size_t i, const Result<std::string_view>& bytes) {
        Entry& entry = *missing[i].entry;
        char* const room = room_.get() + missing[i].at;
        if (bytes && unseal_page_into(*bytes, {room, entry.size})) entry.octets = room;
      });
}

async::Task<void> PieceBatch::read() {
  if (take_cached()) co_return;
  // Inflating a batch takes longer than reading it, and both together cost one change of threads
  // this way.
  co_await async::off_loop(account_->store().offload(), read_missing());
}

void PieceBatch::read_blocking() {
  if (!take_cached()) async::wait(read_missing());
}

std::optional<std::string_view> PieceBatch::find(const engine::PieceName& name) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[(next_ + i) % entries_.size()];
    if (entry.name != name) continue;
    next_ = (next_ + i) % entries_.size();
    if (entry.octets == nullptr) return std::nullopt;
    return std::string_view(entry.octets, entry.size);
  }
  return std::nullopt;
}

}  // namespace posthorn::store
