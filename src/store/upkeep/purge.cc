#include "store/upkeep/purge.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/wait.h"
#include "base/log.h"
#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/upkeep/account_pieces.h"

namespace posthorn::store {
namespace {

/// Returns the same as pieces_held(), by examining the holders of every piece in the store. For an
/// account of which something can no longer be read.
Result<std::vector<engine::PieceName>> pieces_held_by_all_means(engine::Engine& engine,
                                                                const AccountId& id) {
  std::vector<engine::PieceName> pieces;
  std::optional<engine::PieceName> after;
  for (;;) {
    constexpr std::size_t kAtOnce = 1000;
    auto some = engine.pieces(after, kAtOnce);
    if (!some) return pass(some);
    for (const engine::PieceName& name : *some) {
      auto info = engine.inspect(name);
      if (!info) return pass(info);
      if (*info && std::ranges::any_of((*info)->holders,
                                       [&](const engine::Holder& h) { return h.partition == id; }))
        pieces.push_back(name);
    }
    if (some->size() < kAtOnce) return pieces;
    after = some->back();
  }
}

bool is_damage(ErrorKind kind) {
  return kind == ErrorKind::corrupt || kind == ErrorKind::not_found;
}

/// Releases every piece of a removed account, erases those without another holder, and clears the
/// account's candidates. Can be repeated after a crash.
Status release_pieces(engine::Engine& engine, const AccountId& id) {
  auto pieces = pieces_held(engine, id);
  if (!pieces && is_damage(pieces.error().kind)) {
    log::warning(
        "account {} was removed, and part of it cannot be read: {}; the whole store is "
        "searched for its pieces, which takes longer",
        to_hex(id), pieces.error().text);
    pieces = pieces_held_by_all_means(engine, id);
  }
  if (!pieces) return pass(pieces);
  for (const engine::PieceName& name : *pieces) {
    if (Status ok = engine.unhold(name, id, INT64_MAX);
        !ok && ok.error().kind != ErrorKind::not_found)
      return ok;
    auto info = engine.inspect(name);
    if (!info) return pass(info);
    if (*info && (*info)->holders.empty())
      if (auto erased = engine.erase(name, (*info)->version); !erased) return pass(erased);
  }
  auto candidates = candidates_of(engine, id);
  if (!candidates) return pass(candidates);
  for (const engine::Candidate& candidate : *candidates)
    if (Status ok = engine.clear_candidate(candidate); !ok) return ok;
  return {};
}

}  // namespace

Status purge_account(engine::Engine& engine, const AccountId& id) {
  auto counters = async::wait(engine.get_row(id, keys::account()));
  if (!counters) return pass(counters);
  if (*counters)
    if (Status ok = release_pieces(engine, id); !ok) return ok;
  for (;;) {
    constexpr std::size_t kAtOnce = 1000;
    auto rows = async::wait(engine.scan(id, "", "", kAtOnce));
    if (!rows) return pass(rows);
    auto pages = engine.pages(id, PageNumber(0), kAtOnce);
    if (!pages) return pass(pages);
    if (rows->rows.empty() && pages->empty()) return {};
    engine::Commit commit{id, rows->version, 0, {}, {}};
    for (engine::Row& row : rows->rows) commit.edits.push_back({std::move(row.key), std::nullopt});
    commit.carry.dropped_pages = std::move(*pages);
    // A conflict: a process that had the account open has changed it. It cannot do that again once
    // the row of its counters is gone.
    auto done = commit_and_wait(engine, std::move(commit));
    if (!done && done.error().kind != ErrorKind::conflict) return pass(done);
  }
}

}  // namespace posthorn::store
