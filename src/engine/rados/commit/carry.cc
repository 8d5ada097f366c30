#include "engine/rados/commit/carry.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "engine/limits.h"
#include "engine/rados/pages.h"
#include "engine/rados/pieces.h"
#include "engine/rados/together.h"

namespace posthorn::engine::rados {
namespace {

std::int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// The holds of one piece are one.
std::vector<PieceHold> merged(const std::vector<PieceHold>& holds) {
  std::vector<PieceHold> out;
  for (const PieceHold& hold : holds) {
    const auto same = std::ranges::find(out, hold.name, &PieceHold::name);
    if (same == out.end()) {
      out.push_back(hold);
      continue;
    }
    same->stamp = std::max(same->stamp, hold.stamp);
    if (same->bytes.empty()) same->bytes = hold.bytes;
  }
  return out;
}

/// Looks for the piece of a hold without bytes.
async::Task<Status> check_present(Connection& connection, const PieceHold& hold) {
  if (!hold.bytes.empty()) co_return Status();
  const auto exists = co_await piece_exists(connection, hold.name);
  if (!exists) co_return std::unexpected(exists.error());
  co_return *exists ? Status() : check_writable(hold);
}

/// For pieces that come with bytes: what stands for them if the commit never takes effect.
std::vector<Candidate> passing_candidates(const PartitionId& partition,
                                          const std::vector<PieceHold>& holds) {
  std::vector<Candidate> passing;
  for (const PieceHold& hold : holds)
    if (!hold.bytes.empty()) passing.push_back({partition, hold.name, hold.stamp});
  return passing;
}

/// The last one of each piece.
std::vector<Candidate> kept_candidates(const Commit& commit) {
  std::map<PieceName, Candidate> kept;
  for (const Candidate& candidate : commit.carry.candidates)
    kept[candidate.piece] = {commit.partition, candidate.piece, candidate.stamp};
  std::vector<Candidate> list;
  for (const auto& [piece, candidate] : kept) list.push_back(candidate);
  return list;
}

/// Whether the commit removes something: messages, or pages that it packs anew.
bool frees_room(const Commit& commit) {
  return !commit.carry.new_mail &&
         (!commit.carry.dropped_pages.empty() ||
          std::ranges::any_of(commit.edits, [](const Edit& edit) { return !edit.value; }));
}

}  // namespace

bool carries(const Carry& carry) {
  return !carry.pages.empty() || !carry.holds.empty() || !carry.candidates.empty();
}

async::Task<Status> write_carry(Connection& connection, const Commit& commit) {
  const std::vector<PieceHold> holds = merged(commit.carry.holds);
  if (Status present = co_await try_each_of(
          holds.size(), [&](std::size_t i) { return check_present(connection, holds[i]); });
      !present)
    co_return present;

  const std::int64_t now = now_seconds();
  std::vector<Candidate> passing = passing_candidates(commit.partition, holds);
  std::vector<Candidate> kept = kept_candidates(commit);
  std::vector<async::Task<Status>> writes;
  if (!commit.carry.pages.empty())
    writes.push_back(write_pages(connection, commit.partition, commit.carry.pages,
                                 frees_room(commit) ? Room::take_reserve : Room::ask));
  if (!passing.empty())
    writes.push_back(add_candidates(connection, CandidateKind::passing, std::move(passing), now));
  if (!kept.empty())
    writes.push_back(add_candidates(connection, CandidateKind::kept, std::move(kept), now));
  for (const PieceHold& hold : holds)
    writes.push_back(hold_piece(connection, hold, commit.partition));
  co_return co_await all_of(std::move(writes));
}

async::Task<void> drop_carry(Connection& connection, PartitionId partition, const Commit& commit) {
  if (commit.carry.pages.empty()) co_return;
  std::vector<PageNumber> numbers;
  for (const PageWrite& page : commit.carry.pages) numbers.push_back(page.number);
  static_cast<void>(co_await remove_pages(connection, partition, std::move(numbers)));
}

CarryCleanUp CarryCleanUp::after(std::span<const Commit* const> commits) {
  CarryCleanUp work;
  std::set<PieceName> used;
  for (const Commit* commit : commits) {
    const Carry& carry = commit->carry;
    work.dropped.insert(work.dropped.end(), carry.dropped_pages.begin(), carry.dropped_pages.end());
    for (const PieceHold& hold : carry.holds) {
      if (hold.bytes.empty()) {
        used.insert(hold.name);
      } else {
        work.passing.push_back(hold.name);
      }
    }
    for (const Candidate& candidate : carry.candidates) used.erase(candidate.piece);
  }
  work.used.assign(used.begin(), used.end());
  return work;
}

async::Task<void> forget_passing(Connection& connection, PartitionId holder,
                                 std::vector<PieceName> pieces) {
  static_cast<void>(
      co_await remove_candidates(connection, CandidateKind::passing, holder, std::move(pieces)));
}

async::Task<void> clean_up(Connection& connection, PartitionId partition, CarryCleanUp work) {
  std::vector<async::Task<Status>> tasks;
  if (!work.dropped.empty())
    tasks.push_back(remove_pages(connection, partition, std::move(work.dropped)));
  if (!work.used.empty())
    tasks.push_back(
        remove_candidates(connection, CandidateKind::kept, partition, std::move(work.used)));
  static_cast<void>(co_await all_of(std::move(tasks)));
}

}  // namespace posthorn::engine::rados
