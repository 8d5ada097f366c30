#include <algorithm>
#include <utility>

#include "async/offload.h"
#include "async/wait.h"
#include "store/format/codec.h"
#include "store/format/record.h"
#include "store/read/email_reader.h"
#include "store/read/piece_batch.h"
#include "store/store_state.h"

namespace posthorn::store {

Result<BodyReader> BodyReader::open(AccountPtr account, std::string_view body_column,
                                    const PieceBatch* ahead) {
  auto list = decode_body_list(body_column);
  if (!list) return pass(list);
  BodyReader reader;
  reader.account_ = std::move(account);
  reader.ahead_ = ahead;
  reader.list_ = std::move(*list);
  for (const BodyPiece& piece : reader.list_.pieces) reader.size_ += piece.size;
  if (!reader.list_.inside.empty()) {
    auto octets = unseal_inside(reader.list_);
    if (!octets) return pass(octets);
    reader.inside_ = std::make_shared<const std::string>(std::move(*octets));
    reader.size_ = reader.inside_->size();
  }
  return reader;
}

BodyReader::Place BodyReader::place_of(std::uint64_t offset) const {
  for (const BodyPiece& piece : list_.pieces) {
    if (offset < piece.size) return {&piece, offset};
    offset -= piece.size;
  }
  return {};
}

namespace {

using PiecePtr = std::shared_ptr<const std::string>;

/// Inflates a piece, and keeps it in the cache.
Result<PiecePtr> take_piece(Store& store, const BodyPiece& piece,
                            const Result<std::string>& stored) {
  if (!stored) return std::unexpected(stored.error());
  auto bytes = unseal_page(*stored);
  if (!bytes) return pass(bytes);
  if (bytes->size() != piece.size)
    return fail(ErrorKind::corrupt, "a piece of the message has the wrong size");
  auto shared = std::make_shared<const std::string>(std::move(*bytes));
  store.state().pieces.put(piece.name, shared, shared->size());
  return shared;
}

/// Computes in place: up to 256 KB are inflated.
async::Task<Result<PiecePtr>> read_piece(Store& store, const BodyPiece& piece) {
  const auto stored = co_await store.engine().read_piece(piece.name);
  co_return take_piece(store, piece, stored);
}

BodyReader::Chunk chunk_of(std::shared_ptr<const std::string> piece, std::uint64_t within,
                           std::uint64_t limit) {
  const std::string_view bytes = std::string_view(*piece).substr(within, limit);
  return {std::move(piece), bytes};
}

}  // namespace

BodyReader::Chunk BodyReader::inside_at(std::uint64_t offset, std::uint64_t limit) const {
  return chunk_of(inside_, std::min<std::uint64_t>(offset, inside_->size()), limit);
}

Result<BodyReader::Chunk> BodyReader::at_hand(Place place, std::uint64_t limit) const {
  if (place.piece == nullptr) return Chunk{};
  if (ahead_ != nullptr) {
    if (const auto bytes = ahead_->find(place.piece->name))
      return Chunk{nullptr,
                   bytes->substr(std::min<std::size_t>(place.within, bytes->size()), limit)};
  }
  if (auto piece = account_->store().state().pieces.find(place.piece->name))
    return chunk_of(std::move(piece), place.within, limit);
  return fail(ErrorKind::would_block, "not in memory");
}

async::Task<Result<BodyReader::Chunk>> BodyReader::read(std::uint64_t offset, std::uint64_t limit) {
  if (inside_) co_return inside_at(offset, limit);
  const Place place = place_of(offset);
  if (auto chunk = at_hand(place, limit); chunk) co_return chunk;
  Store& store = account_->store();
  // For data in the engine's memory, inflating here is cheaper than a change of threads. What has
  // to be waited for is inflated elsewhere, too.
  auto piece = take_piece(store, *place.piece, store.engine().try_read_piece(place.piece->name));
  if (!piece) piece = co_await async::off_loop(store.offload(), read_piece(store, *place.piece));
  if (!piece) co_return pass(piece);
  co_return chunk_of(std::move(*piece), place.within, limit);
}

std::vector<const BodyPiece*> BodyReader::missing(std::uint64_t begin, std::uint64_t end) const {
  std::vector<const BodyPiece*> found;
  std::uint64_t at = 0;
  for (const BodyPiece& piece : list_.pieces) {
    const std::uint64_t from = std::exchange(at, at + piece.size);
    if (from >= end) break;
    if (at > begin && !at_hand({&piece, 0}, 1)) found.push_back(&piece);
  }
  return found;
}

namespace {

/// Verifies that pieces can be read, and keeps those in the cache that have at most `kept` octets
/// together. Computes in place: one call may inflate a megabyte.
async::Task<Status> verify(Store& store, std::span<const BodyPiece* const> pieces,
                           std::uint64_t& kept) {
  // This many are in memory at a time.
  constexpr std::size_t kAtOnce = 4;
  engine::Blobs stored;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i % kAtOnce == 0) {
      std::vector<engine::PieceName> names;
      for (const BodyPiece* next : pieces.subspan(i, std::min(kAtOnce, pieces.size() - i)))
        names.push_back(next->name);
      stored = co_await store.engine().read_pieces(std::move(names));
    }
    const BodyPiece& piece = *pieces[i];
    const Result<std::string>& bytes = stored[i % kAtOnce];
    if (!bytes) co_return std::unexpected(bytes.error());
    if (piece.size > kept) {
      if (Status ok = check_page(*bytes, piece.size); !ok) co_return ok;
      continue;
    }
    kept -= piece.size;
    if (auto taken = take_piece(store, piece, bytes); !taken) co_return pass(taken);
  }
  co_return Status();
}

}  // namespace

async::Task<Status> BodyReader::prepare(std::uint64_t begin, std::uint64_t end) {
  std::uint64_t kept = 1 << 20;
  // After this many, other work waiting for the thread gets its turn.
  constexpr std::size_t kAtOnce = 16;
  const std::vector<const BodyPiece*> pieces = missing(begin, end);
  Store& store = account_->store();
  // Most bodies have one piece, which is usually in the engine's memory.
  if (pieces.size() == 1) {
    const BodyPiece& only = *pieces.front();
    if (take_piece(store, only, store.engine().try_read_piece(only.name))) co_return Status();
  }
  for (std::size_t first = 0; first < pieces.size(); first += kAtOnce) {
    const auto some = std::span(pieces).subspan(first, std::min(kAtOnce, pieces.size() - first));
    Status good = co_await async::off_loop(store.offload(), verify(store, some, kept));
    if (!good) co_return good;
  }
  co_return Status();
}

Result<BodyReader::Chunk> BodyReader::read_blocking(std::uint64_t offset, std::uint64_t limit) {
  if (inside_) return inside_at(offset, limit);
  const Place place = place_of(offset);
  if (auto chunk = at_hand(place, limit); chunk) return chunk;
  auto piece = async::wait(read_piece(account_->store(), *place.piece));
  if (!piece) return pass(piece);
  return chunk_of(std::move(*piece), place.within, limit);
}

}  // namespace posthorn::store
