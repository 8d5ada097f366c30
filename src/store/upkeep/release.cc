#include "store/upkeep/release.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "async/offload.h"
#include "base/log.h"
#include "store/format/codec.h"
#include "store/store.h"
#include "store/upkeep/account_pieces.h"

namespace posthorn::store {
namespace {

using Candidates = std::span<const engine::Candidate>;
using PieceSet = std::set<engine::PieceName>;

/// Returns true if the holder's stamp permits releasing the piece. A piece that does not exist, or
/// is not held by it, need not wait.
Result<bool> is_ripe(engine::Engine& engine, const engine::Candidate& candidate,
                     std::int64_t not_after) {
  if (candidate.stamp > not_after) return false;
  auto info = engine.inspect(candidate.piece);
  if (!info) return pass(info);
  if (!*info) return true;
  return std::ranges::none_of((*info)->holders, [&](const engine::Holder& h) {
    return h.partition == candidate.holder && h.stamp > not_after;
  });
}

/// Returns those of `wanted` that a stored message of the account names; none if the account does
/// not exist.
Result<PieceSet> used_of(engine::Engine& engine, const PartitionId& account,
                         const PieceSet& wanted) {
  PieceSet used;
  Status ok = for_each_body(engine, account, [&](std::string_view body) -> Status {
    auto list = decode_body_list(body);
    if (!list) return pass(list);
    for (const BodyPiece& piece : list->pieces)
      if (wanted.contains(piece.name)) used.insert(piece.name);
    return {};
  });
  if (!ok) return pass(ok);
  return used;
}

/// Removes the holder and erases the piece if it has no other. A concurrent delivery of the same
/// bytes is safe at every point: before `unhold`, its newer stamp keeps the holder; after
/// `inspect`, its hold changes the version and `erase` refuses.
Status let_go(engine::Engine& engine, const engine::Candidate& candidate, std::int64_t not_after) {
  if (Status ok = engine.unhold(candidate.piece, candidate.holder, not_after); !ok) return ok;
  auto info = engine.inspect(candidate.piece);
  if (!info) return pass(info);
  if (!*info || !(*info)->holders.empty()) return {};
  if (auto erased = engine.erase(candidate.piece, (*info)->version); !erased) return pass(erased);
  return {};
}

/// A candidate whose state or holders are in a damaged block is left unchanged, since nobody can
/// know who else holds the piece. The account's other candidates are processed.
bool cannot_be_read(const engine::Candidate& candidate, const Error& error) {
  if (error.kind != ErrorKind::corrupt && error.kind != ErrorKind::io) return false;
  log::warning("account {}: the holders of a piece cannot be read, so it is kept: {} ({})",
               to_hex(candidate.holder), error.text, error.cause);
  return true;
}

/// Processes the candidates of one account. The stamps come first, because they are cheap; the
/// account's messages are read only if a candidate has passed the grace time. By now, the rows that
/// named an unused piece are durably gone, so its holder can be removed without leaving a message
/// that misses a piece. The candidate is cleared last: after a crash, the next round finds it and
/// finishes the work.
Status look_at(engine::Engine& engine, Candidates candidates, std::int64_t not_after) {
  std::vector<engine::Candidate> ripe;
  PieceSet names;
  for (const engine::Candidate& candidate : candidates) {
    auto now = is_ripe(engine, candidate, not_after);
    if (!now && cannot_be_read(candidate, now.error())) continue;
    if (!now) return pass(now);
    if (!*now) continue;
    ripe.push_back(candidate);
    names.insert(candidate.piece);
  }
  if (ripe.empty()) return {};
  auto used = used_of(engine, ripe.front().holder, names);
  if (!used) return pass(used);
  for (const engine::Candidate& candidate : ripe) {
    if (!used->contains(candidate.piece)) {
      Status ok = let_go(engine, candidate, not_after);
      if (!ok && cannot_be_read(candidate, ok.error())) continue;
      if (!ok) return ok;
    }
    if (Status ok = engine.clear_candidate(candidate); !ok) return ok;
  }
  return {};
}

}  // namespace

async::Task<Status> release_unused(Store& store, std::int64_t not_after) {
  constexpr std::size_t kAtOnce = 1000;
  std::optional<engine::Candidate> after;
  for (;;) {
    auto some = co_await async::offload(store.offload(),
                                        [&] { return store.engine().candidates(after, kAtOnce); });
    if (!some) co_return pass(some);
    if (some->empty()) co_return Status{};
    after = some->back();
    const Candidates all = *some;
    for (std::size_t from = 0, to = 0; from < all.size(); from = to) {
      while (to < all.size() && all[to].holder == all[from].holder) ++to;
      if (!store.owns(all[from].holder)) continue;
      const Status done = co_await async::offload(store.offload(), [&] {
        return look_at(store.engine(), all.subspan(from, to - from), not_after);
      });
      if (!done)
        log::error("account {}: the sweep of pieces failed: {}", to_hex(all[from].holder),
                   done.error().text);
    }
  }
}

}  // namespace posthorn::store
