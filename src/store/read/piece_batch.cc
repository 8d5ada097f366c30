#include "store/read/piece_batch.h"

#include <utility>

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

void PieceBatch::read() {
  std::size_t wanted = 0;
  for (const Entry& entry : entries_) wanted += entry.size;
  if (wanted > room_size_) {
    room_ = std::make_unique_for_overwrite<char[]>(wanted);
    room_size_ = wanted;
  }
  char* room = room_.get();
  for (Entry& entry : entries_) {
    read(entry, room);
    room += entry.size;
  }
}

void PieceBatch::read(Entry& entry, char* room) {
  Store& store = account_->store();
  entry.kept = store.state().pieces.find(entry.name);
  if (entry.kept && entry.kept->size() == entry.size) {
    entry.octets = entry.kept->data();
    return;
  }
  const auto stored = store.engine().read_piece(entry.name, engine::Tier::may_block);
  if (stored && unseal_page_into(*stored, {room, entry.size})) entry.octets = room;
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
