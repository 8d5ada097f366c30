#include "store/read/email_catalog.h"

#include <algorithm>

#include "store/format/keys.h"
#include "store/format/paged_record.h"

namespace posthorn::store {

EmailCatalog::EmailCatalog(engine::Engine& engine, const PartitionId& partition)
    : engine_(engine),
      partition_(partition),
      filters_(engine, partition),
      texts_(engine, partition) {}

namespace {

async::Task<Result<std::shared_ptr<const EmailCatalog::Groups>>> read_groups(
    engine::Engine& engine, PartitionId partition) {
  auto groups = std::make_shared<EmailCatalog::Groups>();
  std::string from(keys::kGroups);
  for (;;) {
    constexpr std::size_t kRowsAtOnce = 4096;
    auto rows =
        co_await engine.scan(partition, from, keys::after_prefix(keys::kGroups), kRowsAtOnce);
    if (!rows) co_return pass(rows);
    for (const engine::Row& row : rows->rows) {
      auto group = decode_group(Ordinal(keys::last_number(row.key)), row.value);
      if (!group) co_return pass(group);
      groups->push_back(*group);
    }
    if (!rows->next_key) break;
    from = *rows->next_key;
  }
  co_return groups;
}

}  // namespace

async::Task<Result<std::shared_ptr<const EmailCatalog::Groups>>> EmailCatalog::load(bool again) {
  for (;;) {
    std::uint64_t before = 0;
    {
      const MutexLock lock(mutex_);
      if (auto known = groups_.load(); known && !again) co_return known;
      before = changes_;
    }
    auto groups = co_await read_groups(engine_, partition_);
    if (!groups) co_return pass(groups);
    const MutexLock lock(mutex_);
    // A group that was added meanwhile may be missing in what was read.
    if (changes_ != before) continue;
    groups_.store(*groups);
    co_return *groups;
  }
}

void EmailCatalog::add(const GroupRef& group) {
  const MutexLock lock(mutex_);
  ++changes_;
  const auto known = groups_.load();
  if (!known || (!known->empty() && known->back().last >= group.first)) return;
  auto groups = std::make_shared<Groups>(*known);
  groups->push_back(group);
  groups_.store(std::move(groups));
}

void EmailCatalog::forget() {
  const MutexLock lock(mutex_);
  ++changes_;
  groups_.store(nullptr);
}

void EmailCatalog::note_stale(Ordinal first) {
  const MutexLock lock(stale_mutex_);
  stale_.insert(first);
}

std::optional<Ordinal> EmailCatalog::stale() const {
  const MutexLock lock(stale_mutex_);
  if (stale_.empty()) return std::nullopt;
  return *stale_.begin();
}

void EmailCatalog::clear_stale(Ordinal first) {
  const MutexLock lock(stale_mutex_);
  stale_.erase(first);
}

const GroupRef* EmailCatalog::find(const Groups& groups, Ordinal ordinal) {
  const auto it = std::ranges::upper_bound(groups, ordinal, {}, &GroupRef::first);
  if (it == groups.begin()) return nullptr;
  const GroupRef& group = *(it - 1);
  return ordinal <= group.last ? &group : nullptr;
}

namespace {

/// Returns whether the rows of these messages are better read as one range: most of the range's
/// rows are wanted, and reading on costs a fraction of finding each row.
bool are_dense(std::span<const Ordinal> ordinals) {
  constexpr std::size_t kAtLeast = 8;
  if (ordinals.size() < kAtLeast) return false;
  const auto [first, last] = std::ranges::minmax(ordinals);
  return last.value - first.value < 2 * ordinals.size();
}

async::Task<Result<engine::Values>> read_range(engine::Engine& engine, PartitionId partition,
                                               std::span<const Ordinal> ordinals) {
  const auto [first, last] = std::ranges::minmax(ordinals);
  engine::Values range(last.value - first.value + 1);
  std::string from = keys::email(first);
  const std::string end = keys::email(Ordinal(last.value + 1));
  for (std::optional<std::string> next = std::move(from); next;) {
    auto rows = co_await engine.scan(partition, *next, end, range.size());
    if (!rows) co_return pass(rows);
    for (engine::Row& row : rows->rows) {
      const std::uint64_t at = keys::last_number(row.key) - first.value;
      if (at < range.size()) range[at] = std::move(row.value);
    }
    next = std::move(rows->next_key);
  }
  // A message may be asked for twice, as two copies in one mailbox share it.
  std::vector<std::uint32_t> wanted(range.size());
  for (const Ordinal ordinal : ordinals) ++wanted[ordinal.value - first.value];
  engine::Values values;
  values.reserve(ordinals.size());
  for (const Ordinal ordinal : ordinals) {
    const std::uint64_t at = ordinal.value - first.value;
    values.push_back(--wanted[at] == 0 ? std::move(range[at]) : range[at]);
  }
  co_return values;
}

async::Task<Result<engine::Values>> read_values(engine::Engine& engine, PartitionId partition,
                                                std::span<const Ordinal> ordinals) {
  if (are_dense(ordinals)) co_return co_await read_range(engine, partition, ordinals);
  std::vector<std::string> keys;
  keys.reserve(ordinals.size());
  for (const Ordinal ordinal : ordinals) keys.push_back(keys::email(ordinal));
  co_return co_await engine.get(partition, std::move(keys));
}

}  // namespace

async::Task<std::vector<Result<EmailRecord>>> EmailCatalog::read_rows(
    std::vector<Ordinal> ordinals) {
  std::vector<Result<EmailRecord>> emails(ordinals.size());
  auto rows = co_await read_values(engine_, partition_, ordinals);
  if (!rows) {
    // The error may concern one row only.
    if (ordinals.size() == 1) {
      emails.front() = pass(rows);
      co_return emails;
    }
    for (std::size_t i = 0; i < ordinals.size(); ++i) {
      auto one = co_await read_rows({ordinals[i]});
      emails[i] = std::move(one.front());
    }
    co_return emails;
  }
  std::vector<std::string> elsewhere;
  std::vector<std::size_t> where;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    std::optional<std::string>& value = (*rows)[i];
    if (!value || value->empty()) {
      emails[i] = fail(ErrorKind::not_found, "The message is no longer stored");
    } else if (value->starts_with('r')) {
      emails[i] = decode_email(std::string_view(*value).substr(1));
    } else {
      elsewhere.push_back(std::move(*value));
      where.push_back(i);
    }
  }
  if (elsewhere.empty()) co_return emails;
  const auto records = co_await read_records(engine_, partition_, std::move(elsewhere));
  for (std::size_t i = 0; i < records.size(); ++i)
    emails[where[i]] = records[i] ? decode_email(*records[i]) : std::unexpected(records[i].error());
  co_return emails;
}

async::Task<Result<EmailRecord>> EmailCatalog::decode_row(std::string value) {
  auto record = co_await read_record(engine_, partition_, std::move(value));
  if (!record) co_return pass(record);
  co_return decode_email(*record);
}

}  // namespace posthorn::store
