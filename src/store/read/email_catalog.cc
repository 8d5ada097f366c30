#include "store/read/email_catalog.h"

#include <algorithm>

#include "base/bytes.h"
#include "store/format/keys.h"

namespace posthorn::store {

EmailCatalog::EmailCatalog(engine::Engine& engine, const PartitionId& partition)
    : engine_(engine), partition_(partition) {}

Result<std::shared_ptr<const EmailCatalog::Groups>> EmailCatalog::load(bool again) {
  const std::scoped_lock lock(loading_);
  if (auto known = groups_.load(); known && !again) return known;
  auto groups = std::make_shared<Groups>();
  std::string from(keys::kGroups);
  for (;;) {
    constexpr std::size_t kRowsAtOnce = 4096;
    auto rows = engine_.scan(partition_, from, keys::after_prefix(keys::kGroups), kRowsAtOnce,
                             engine::Tier::may_block);
    if (!rows) return pass(rows);
    for (const engine::Row& row : rows->rows) {
      auto group = decode_group(Ordinal(keys::last_number(row.key)), row.value);
      if (!group) return pass(group);
      groups->push_back(*group);
    }
    if (!rows->next_key) break;
    from = *rows->next_key;
  }
  groups_.store(groups);
  return groups;
}

void EmailCatalog::add(const GroupRef& group) {
  const std::scoped_lock lock(loading_);
  const auto known = groups_.load();
  if (!known || (!known->empty() && known->back().last >= group.first)) return;
  auto groups = std::make_shared<Groups>(*known);
  groups->push_back(group);
  groups_.store(std::move(groups));
}

void EmailCatalog::note_stale(Ordinal first) {
  const std::scoped_lock lock(stale_mutex_);
  stale_.insert(first);
}

std::optional<Ordinal> EmailCatalog::stale() const {
  const std::scoped_lock lock(stale_mutex_);
  if (stale_.empty()) return std::nullopt;
  return *stale_.begin();
}

void EmailCatalog::clear_stale(Ordinal first) {
  const std::scoped_lock lock(stale_mutex_);
  stale_.erase(first);
}

const GroupRef* EmailCatalog::find(const Groups& groups, Ordinal ordinal) {
  const auto it = std::ranges::upper_bound(groups, ordinal, {}, &GroupRef::first);
  if (it == groups.begin()) return nullptr;
  const GroupRef& group = *(it - 1);
  return ordinal <= group.last ? &group : nullptr;
}

Result<EmailRecord> EmailCatalog::read_row(Ordinal ordinal) {
  const std::string key = keys::email(ordinal);
  auto rows = engine_.get(partition_, std::span(&key, 1), engine::Tier::may_block);
  if (!rows) return pass(rows);
  const std::optional<std::string>& value = rows->front();
  if (!value || value->empty())
    return fail(ErrorKind::not_found, "The message is no longer stored");
  return decode_row(*value);
}

Result<EmailRecord> EmailCatalog::decode_row(std::string_view value) {
  if (value.starts_with(keys::kInRow)) return decode_email(value.substr(1));
  if (!value.starts_with(keys::kInPage))
    return fail(ErrorKind::corrupt, "a message's row cannot be read");
  ByteReader r(value.substr(1));
  auto page = engine_.read_page(partition_, PageNumber(r.u64()), engine::Tier::may_block);
  if (!page) return pass(page);
  return decode_email(*page);
}

}  // namespace posthorn::store
