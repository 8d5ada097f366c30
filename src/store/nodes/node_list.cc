#include "store/nodes/node_list.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "base/version.h"
#include "engine/engine.h"
#include "store/format/keys.h"
#include "store/format/record.h"
#include "store/format/system.h"

namespace posthorn::store {
namespace {

std::string own_host() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::string key_of(std::uint64_t node) {
  std::string key(keys::kNodes);
  ByteWriter(key).u64(node);
  return key;
}

/// How much a process is the right one for a shard: whoever has the most has the shard. If one
/// comes or goes, only its own shards move.
std::uint64_t claim_of(std::uint64_t node, std::uint32_t shard) {
  std::uint64_t x = node ^ (std::uint64_t{shard} + 1) * 0x9E3779B97F4A7C15ULL;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ x >> 27) * 0x94D049BB133111EBULL;
  return x ^ x >> 31;
}

}  // namespace

std::string encode_node(const NodeRow& row) {
  std::string out;
  ByteWriter w(out);
  w.u64(row.node);
  w.bytes(row.host);
  w.bytes(row.version);
  w.svarint(row.since);
  w.svarint(row.clock);
  w.varint(row.beats);
  return seal(out);
}

Result<NodeRow> decode_node(std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  NodeRow row;
  row.node = r.u64();
  row.host = r.bytes();
  row.version = r.bytes();
  row.since = r.svarint();
  row.clock = r.svarint();
  row.beats = r.varint();
  if (!r.ok()) return fail(ErrorKind::corrupt, "a stored node cannot be read");
  return row;
}

NodeList::NodeList(engine::Engine& engine, const Clock& clock, std::uint64_t self)
    : engine_(engine), clock_(clock) {
  own_.node = self;
  own_.host = own_host();
  own_.version = kProgramVersion;
  own_.since = clock.now().seconds;
}

void NodeList::take_in(NodeRow row, Steady::time_point now) {
  Seen& seen = others_.try_emplace(row.node, Seen{{}, now}).first->second;
  if (row.beats != seen.row.beats) seen.moved = now;
  seen.row = std::move(row);
}

async::Task<Result<bool>> NodeList::beat(Steady::time_point now) {
  std::vector<engine::Edit> edits;
  {
    const MutexLock lock(mutex_);
    if (has_left_) co_return false;
    own_.clock = clock_.now().seconds;
    ++own_.beats;
    edits.push_back({key_of(own_.node), encode_node(own_)});
  }
  engine_.hint(nodes_partition(), std::move(edits));
  constexpr std::size_t kMost = 10'000;
  auto rows = co_await engine_.scan(nodes_partition(), std::string(keys::kNodes),
                                    keys::after_prefix(keys::kNodes), kMost);
  if (!rows) co_return pass(rows);
  std::vector<engine::Edit> forgotten;
  const MutexLock lock(mutex_);
  if (has_left_) co_return false;
  std::map<std::uint64_t, Seen> before = std::exchange(others_, {});
  for (const engine::Row& stored : rows->rows) {
    auto row = decode_node(stored.value);
    if (!row) {
      log::warning("the list of nodes has a row that cannot be read: {}", row.error().text);
      continue;
    }
    if (row->node == own_.node) continue;
    if (const auto known = before.find(row->node); known != before.end()) others_.insert(*known);
    const std::uint64_t node = row->node;
    take_in(std::move(*row), now);
    const Seen& seen = others_.at(node);
    if (now - seen.moved > kGoneAfter && seen.row.clock < own_.clock - kForgottenAfter)
      forgotten.push_back({stored.key, std::nullopt});
  }
  if (!forgotten.empty()) engine_.hint(nodes_partition(), std::move(forgotten));
  std::vector<std::uint64_t> living = {own_.node};
  for (const auto& [node, seen] : others_)
    if (now - seen.moved <= kGoneAfter) living.push_back(node);
  std::ranges::sort(living);
  const bool changed = living != living_;
  living_ = std::move(living);
  co_return changed;
}

void NodeList::leave() {
  std::vector<engine::Edit> edits;
  {
    const MutexLock lock(mutex_);
    if (std::exchange(has_left_, true) || living_.empty()) return;
    std::erase(living_, own_.node);
    edits.push_back({key_of(own_.node), std::nullopt});
  }
  engine_.hint(nodes_partition(), std::move(edits));
}

std::uint32_t NodeList::shard_of(const AccountId& account) {
  return account.bytes.front() % kShards;
}

std::uint64_t NodeList::owner_of(std::uint32_t shard) const {
  std::uint64_t owner = 0;
  std::uint64_t most = 0;
  for (const std::uint64_t node : living_) {
    const std::uint64_t claim = claim_of(node, shard);
    if (owner != 0 && claim <= most) continue;
    owner = node;
    most = claim;
  }
  return owner;
}

bool NodeList::owns(const AccountId& account) const {
  const MutexLock lock(mutex_);
  if (living_.empty() && !has_left_) return true;
  return owner_of(shard_of(account)) == own_.node;
}

std::vector<NodeList::Listed> NodeList::list() const {
  const MutexLock lock(mutex_);
  std::map<std::uint64_t, std::uint32_t> shards;
  for (std::uint32_t shard = 0; shard < kShards; ++shard) ++shards[owner_of(shard)];
  std::vector<NodeRow> rows;
  if (!living_.empty()) rows.push_back(own_);
  for (const auto& [node, seen] : others_) rows.push_back(seen.row);
  std::vector<Listed> all;
  for (NodeRow& row : rows) {
    const bool lives = std::ranges::find(living_, row.node) != living_.end();
    const std::uint32_t owned = lives ? shards[row.node] : 0;
    all.push_back({std::move(row), lives, owned});
  }
  return all;
}

}  // namespace posthorn::store
