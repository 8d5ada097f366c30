#include "store/read/same_body.h"

#include <algorithm>
#include <numeric>

#include "async/offload.h"
#include "store/format/codec.h"
#include "store/format/record.h"
#include "store/store_state.h"

namespace posthorn::store {
namespace {

std::uint64_t size_of(const BodyList& body) {
  return std::accumulate(
      body.pieces.begin(), body.pieces.end(), std::uint64_t{body.inside_size},
      [](std::uint64_t sum, const BodyPiece& piece) { return sum + piece.size; });
}

bool are_same(const BodyList& a, const BodyList& b) {
  return a.inside == b.inside &&
         std::ranges::equal(a.pieces, b.pieces, [](const BodyPiece& x, const BodyPiece& y) {
           return x.name == y.name && x.size == y.size;
         });
}

/// Returns a body's octets piece by piece.
class Octets {
 public:
  /// `holds` contains pieces that may not be in the engine yet.
  Octets(engine::Engine& engine, const BodyList& body, const std::vector<engine::PieceHold>& holds)
      : engine_(engine), body_(body), holds_(holds) {}

  /// Returns the rest of the current piece, or the next piece; empty at the end.
  async::Task<Result<std::string_view>> peek() {
    if (!body_.inside.empty() && next_++ == 0) {
      auto octets = unseal_inside(body_);
      if (!octets) co_return pass(octets);
      piece_ = std::move(*octets);
      rest_ = piece_;
    }
    while (rest_.empty() && next_ < body_.pieces.size()) {
      auto piece = co_await read(body_.pieces[next_++].name);
      if (!piece) co_return pass(piece);
      piece_ = std::move(*piece);
      rest_ = piece_;
    }
    co_return rest_;
  }
  void take(std::size_t octets) { rest_.remove_prefix(octets); }

 private:
  async::Task<Result<std::string>> read(engine::PieceName name) {
    for (const engine::PieceHold& hold : holds_)
      if (hold.name == name && !hold.bytes.empty()) co_return unseal_page(hold.bytes);
    auto stored = co_await engine_.read_piece(name);
    if (!stored) co_return pass(stored);
    co_return unseal_page(*stored);
  }

  engine::Engine& engine_;
  const BodyList& body_;
  const std::vector<engine::PieceHold>& holds_;
  std::size_t next_ = 0;
  std::string piece_;
  std::string_view rest_;
};

constexpr std::string_view kLineEnd = "\r\n";

/// Returns true if nothing is left, or only a line end.
async::Task<Result<bool>> is_at_end(Octets& octets) {
  std::string left;
  while (true) {
    auto some = co_await octets.peek();
    if (!some) co_return pass(some);
    if (some->empty()) co_return left.empty() || left == kLineEnd || left == "\n";
    left += some->substr(0, kLineEnd.size() + 1);
    if (left.size() > kLineEnd.size()) co_return false;
    octets.take(some->size());
  }
}

/// Computes in place. Requires: `a` has at most as many octets as `b`.
async::Task<Result<bool>> have_same_octets(Octets a, Octets b) {
  while (true) {
    auto left = co_await a.peek();
    if (!left) co_return pass(left);
    if (left->empty()) co_return co_await is_at_end(b);
    auto right = co_await b.peek();
    if (!right) co_return pass(right);
    const std::size_t common = std::min(left->size(), right->size());
    if (common == 0 || left->substr(0, common) != right->substr(0, common)) co_return false;
    a.take(common);
    b.take(common);
  }
}

}  // namespace

async::Task<Result<bool>> same_body(AccountPtr account, std::string_view stored_body,
                                    const NewEmail& fresh) {
  auto stored = decode_body_list(stored_body);
  if (!stored) co_return pass(stored);
  auto taken = decode_body_list(fresh.record->body);
  if (!taken) co_return pass(taken);
  if (are_same(*stored, *taken)) co_return true;
  const std::uint64_t stored_size = size_of(*stored);
  const std::uint64_t taken_size = size_of(*taken);
  const auto [least, most] = std::minmax(stored_size, taken_size);
  if (most - least > kLineEnd.size()) co_return false;
  Store& store = account->store();
  static const std::vector<engine::PieceHold> kNone;
  Octets a(store.engine(), *stored, kNone);
  Octets b(store.engine(), *taken, *fresh.holds);
  // Inflating whole messages takes long.
  co_return co_await async::off_loop(
      store.offload(), stored_size <= taken_size ? have_same_octets(std::move(a), std::move(b))
                                                 : have_same_octets(std::move(b), std::move(a)));
}

}  // namespace posthorn::store
