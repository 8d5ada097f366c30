#include "index/sort.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "async/offload.h"
#include "index/key_rows.h"
#include "store/store.h"

namespace posthorn::index {
namespace {

using message::SortField;
using message::SortKey;

/// One sort key of all messages: numbers, or strings in one buffer.
class KeyColumn {
 public:
  KeyColumn(SortKey key, std::size_t rows) : key_(key) {
    if (is_number()) {
      numbers_.resize(rows);
    } else {
      ends_.assign(rows + 1, 0);
    }
  }
  [[nodiscard]] bool needs_keys() const {
    return key_.field != SortField::arrival && key_.field != SortField::size;
  }

  /// Rows come in order.
  void set(std::size_t row, const store::Member& member, const message::KeysView& keys) {
    switch (key_.field) {
      case SortField::arrival: numbers_[row] = member.internal_date.seconds; return;
      case SortField::size: numbers_[row] = member.size; return;
      case SortField::date: numbers_[row] = sent_seconds(member, keys); return;
      case SortField::from: add(row, keys.sort_from()); return;
      case SortField::to: add(row, keys.sort_to()); return;
      case SortField::cc: add(row, keys.sort_cc()); return;
      case SortField::subject: add(row, keys.base_subject()); return;
      case SortField::display_from: add(row, keys.display_from()); return;
      case SortField::display_to: add(row, keys.display_to()); return;
    }
  }

  /// Below, equal, above: RFC 5256 §3 REVERSE turns one key round, not the order of equals.
  [[nodiscard]] std::strong_ordering compare(std::uint32_t a, std::uint32_t b) const {
    if (key_.reverse) std::swap(a, b);
    if (is_number()) return numbers_[a] <=> numbers_[b];
    return text(a) <=> text(b);
  }

 private:
  [[nodiscard]] bool is_number() const {
    return key_.field == SortField::arrival || key_.field == SortField::size ||
           key_.field == SortField::date;
  }
  void add(std::size_t row, std::string_view text) {
    buffer_ += text;
    ends_[row + 1] = buffer_.size();
  }
  [[nodiscard]] std::string_view text(std::uint32_t row) const {
    return std::string_view(buffer_).substr(ends_[row], ends_[row + 1] - ends_[row]);
  }

  SortKey key_;
  std::vector<std::int64_t> numbers_;
  std::string buffer_;
  std::vector<std::size_t> ends_;
};

std::vector<std::uint32_t> sort_now(const store::AccountPtr& account, const store::Mailbox& mailbox,
                                    const std::vector<std::uint32_t>& positions,
                                    const std::vector<SortKey>& keys) {
  std::vector<KeyColumn> columns;
  for (const SortKey& key : keys) columns.emplace_back(key, positions.size());
  if (std::ranges::any_of(columns, &KeyColumn::needs_keys)) {
    for_each_keys(account, mailbox, positions,
                  [&](std::size_t row, const store::Member& member, const message::KeysView& view) {
                    for (KeyColumn& column : columns) column.set(row, member, view);
                  });
  } else {
    for (std::size_t row = 0; row < positions.size(); ++row)
      for (KeyColumn& column : columns)
        column.set(row, mailbox.contents->members().at(positions[row]), message::KeysView());
  }
  std::vector<std::uint32_t> order(positions.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    for (const KeyColumn& column : columns)
      if (const auto c = column.compare(a, b); c != 0) return c < 0;
    return a < b;
  });
  for (std::uint32_t& row : order) row = positions[row];
  return order;
}

}  // namespace

async::Task<std::vector<std::uint32_t>> sort(store::AccountPtr account, store::MailboxPtr mailbox,
                                             std::vector<std::uint32_t> positions,
                                             std::vector<SortKey> keys) {
  constexpr std::size_t kInPlace = 200;
  const bool few =
      positions.size() <= kInPlace && std::ranges::all_of(keys, [](const SortKey& key) {
        return key.field == SortField::arrival || key.field == SortField::size;
      });
  if (few) co_return sort_now(account, *mailbox, positions, keys);
  co_return co_await async::offload(account->store().offload(),
                                    [&] { return sort_now(account, *mailbox, positions, keys); });
}

}  // namespace posthorn::index
