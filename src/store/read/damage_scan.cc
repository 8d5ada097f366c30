#include "store/read/damage_scan.h"

#include <algorithm>

#include "async/wait.h"
#include "store/format/keys.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::store {
namespace {

constexpr std::size_t kAtOnce = 1000;
/// Number of octets of a key that are examined to find the end of a range. Keys that differ only
/// after them are not distinguished.
constexpr std::size_t kDepth = 32;

PartitionId id_of(std::string_view octets) {
  PartitionId id;
  std::ranges::copy(octets.substr(0, id.bytes.size()), id.bytes.begin());
  return id;
}

}  // namespace

std::optional<std::string> next_readable(std::string_view from, std::size_t depth,
                                         const std::function<bool(const std::string&)>& can_read) {
  constexpr unsigned kEnd = 256;
  std::string key;      // All keys up to this one are damaged.
  bool on_from = true;  // True while `key` is a prefix of `from`.
  for (std::size_t level = 0; level < depth; ++level) {
    const bool within = on_from && level < from.size();
    unsigned next = within ? static_cast<unsigned char>(from[level]) + 1U : 0U;
    while (next < kEnd && !can_read(key + static_cast<char>(next))) ++next;
    if (next == kEnd && level == 0) return std::nullopt;
    if (next == 0) return key + '\0';
    // Readable from `next` on, so the damage ends after the octet before it.
    key += static_cast<char>(next - 1);
    on_from = within && next - 1 == static_cast<unsigned char>(from[level]);
  }
  // The least key that is known to be readable.
  while (!key.empty() && static_cast<unsigned char>(key.back()) == 0xFF) key.pop_back();
  if (key.empty()) return std::nullopt;
  key.back() = static_cast<char>(static_cast<unsigned char>(key.back()) + 1);
  return key;
}

Status for_each_readable_row(engine::Engine& engine, const PartitionId& id, std::string_view prefix,
                             const std::function<void(const engine::Row&)>& row,
                             const std::function<void(const DamagedRange&)>& damage) {
  const std::string start(prefix);
  const std::string last = keys::after_prefix(prefix);
  const auto scan = [&](const std::string& from, std::size_t limit) {
    return async::wait(engine.scan(id, from, last, limit));
  };
  std::string from = start;
  for (std::size_t limit = kAtOnce;;) {
    auto rows = scan(from, limit);
    if (rows) {
      for (const engine::Row& r : rows->rows) row(r);
      if (!rows->next_key) return {};
      from = *rows->next_key;
      limit = std::min(kAtOnce, limit * 2);
      continue;
    }
    if (!is_damage(rows.error().kind)) return pass(rows);
    if (limit > 1) {
      limit /= 2;  // Takes smaller steps, to read as much as possible before the damage.
      continue;
    }
    const auto next =
        next_readable(std::string_view(from).substr(prefix.size()), kDepth,
                      [&](const std::string& key) { return scan(start + key, 1).has_value(); });
    damage({from, next ? start + *next : "", rows.error()});
    if (!next) return {};
    from = start + *next;
  }
}

Status for_each_readable_partition(engine::Engine& engine,
                                   const std::function<void(const PartitionId&)>& partition,
                                   const std::function<void(const DamagedRange&)>& damage) {
  std::optional<PartitionId> after;
  for (std::size_t limit = kAtOnce;;) {
    auto ids = engine.partitions(after, limit);
    if (ids) {
      for (const PartitionId& id : *ids) partition(id);
      if (ids->size() < limit) return {};
      after = ids->back();
      limit = std::min(kAtOnce, limit * 2);
      continue;
    }
    if (!is_damage(ids.error().kind)) return pass(ids);
    if (limit > 1) {
      limit /= 2;
      continue;
    }
    const std::string from = after ? std::string(after->view()) : std::string(1, '\0');
    const auto next = next_readable(from, PartitionId().bytes.size(), [&](const std::string& key) {
      return engine.partitions(id_of(key), 1).has_value();
    });
    damage({from, next.value_or(""), ids.error()});
    if (!next) return {};
    after = id_of(*next);
  }
}

}  // namespace posthorn::store
