#include "search/sort.h"

#include <algorithm>
#include <span>

#include "async/begun.h"
#include "async/offload.h"
#include "message/digest/key_texts.h"
#include "search/in_turns.h"
#include "search/key_rows.h"
#include "search/row_order.h"
#include "store/store.h"

namespace posthorn::search {
namespace {

using message::SortField;
using message::SortKey;

/// One sort key of all messages: numbers, or texts.
class KeyColumn {
 public:
  KeyColumn(SortKey key, text::Collation collation, std::size_t rows)
      : key_(key), collation_(collation) {
    if (is_number()) {
      numbers_.reserve(rows);
    } else {
      texts_.reserve(rows);
    }
  }
  [[nodiscard]] bool needs_keys() const {
    return key_.field != SortField::arrival && key_.field != SortField::size;
  }

  [[nodiscard]] std::uint64_t octets() const {
    return texts_.octets() + numbers_.size() * sizeof(std::int64_t);
  }

  /// Digests have only folded texts: for other comparators they are taken from the header.
  [[nodiscard]] bool needs_header() const {
    return collation_ != text::Collation::unicode_casemap && !is_number();
  }

  /// Rows must be added in order.
  void add(const KeyRow& row) {
    if (needs_header())
      texts_.add(text::collate(collation_, unfolded(message::KeyTexts(row.header))));
    else
      add(row.member, row.keys);
  }
  void add(const store::Member& member, const message::KeysView& keys) {
    switch (key_.field) {
      case SortField::arrival: numbers_.push_back(member.internal_date.seconds); return;
      case SortField::size: numbers_.push_back(member.size); return;
      case SortField::date: numbers_.push_back(sent_seconds(member, keys)); return;
      case SortField::from: texts_.add(keys.sort_from()); return;
      case SortField::to: texts_.add(keys.sort_to()); return;
      case SortField::cc: texts_.add(keys.sort_cc()); return;
      case SortField::subject: texts_.add(keys.base_subject()); return;
      case SortField::display_from: texts_.add(keys.display_from()); return;
      case SortField::display_to: texts_.add(keys.display_to()); return;
    }
  }

  /// Appends the same key of the rows that follow.
  void append(const KeyColumn& more) {
    numbers_.insert(numbers_.end(), more.numbers_.begin(), more.numbers_.end());
    texts_.append(more.texts_);
  }

  /// RFC 5256 §3: REVERSE inverts one key, not the order of equal messages.
  void order(RowOrder& rows) const {
    const Direction direction = key_.reverse ? Direction::down : Direction::up;
    if (is_number()) {
      rows.by_numbers(numbers_, direction);
    } else {
      rows.by_texts(texts_, direction);
    }
  }

 private:
  [[nodiscard]] std::string unfolded(const message::KeyTexts& texts) const {
    switch (key_.field) {
      case SortField::from: return texts.sort_from();
      case SortField::to: return texts.sort_to();
      case SortField::cc: return texts.sort_cc();
      case SortField::subject: return texts.base_subject().text;
      case SortField::display_from: return texts.display_from();
      case SortField::display_to: return texts.display_to();
      default: return {};
    }
  }
  [[nodiscard]] bool is_number() const {
    return key_.field == SortField::arrival || key_.field == SortField::size ||
           key_.field == SortField::date;
  }

  SortKey key_;
  text::Collation collation_;
  std::vector<std::int64_t> numbers_;
  TextColumn texts_;
};

/// A column for each key.
using KeyColumns = std::vector<KeyColumn>;

KeyColumns read_columns(const store::AccountPtr& account, const store::Mailbox& mailbox,
                        std::span<const std::uint32_t> positions, const SortOrder& by, Work& work,
                        store::Unreadable& unreadable) {
  KeyColumns columns;
  columns.reserve(by.keys.size());
  for (const SortKey& key : by.keys) columns.emplace_back(key, by.collation, positions.size());
  const auto add = [&](const KeyRow& row) {
    for (KeyColumn& column : columns) {
      const std::uint64_t before = column.octets();
      column.add(row);
      work.hold(column.octets() - before);
    }
  };
  if (std::ranges::any_of(columns, &KeyColumn::needs_keys)) {
    store::Columns read = bit(store::Column::keys);
    if (std::ranges::any_of(columns, &KeyColumn::needs_header)) read |= bit(store::Column::header);
    for_each_keys(account, mailbox, positions, read, work, add, &unreadable);
  } else {
    store::MemberCursor members(mailbox.contents->members());
    const message::KeysView no_keys;
    for (std::size_t i = 0; i < positions.size() && !work.is_over(); ++i) {
      const store::Member member = members.at(positions[i]);
      add({i, member, no_keys, {}});
    }
  }
  return columns;
}

/// Empty if the work is over: the columns are incomplete then.
std::vector<std::uint32_t> sorted_by(const KeyColumns& columns,
                                     std::span<const std::uint32_t> positions, Work& work) {
  if (work.is_over()) return {};
  RowOrder order(static_cast<std::uint32_t>(positions.size()), work);
  for (const KeyColumn& column : columns) column.order(order);
  std::vector<std::uint32_t> rows = std::move(order).take();
  for (std::uint32_t& row : rows) row = positions[row];
  return rows;
}

/// Removes keys that have no effect because their field was named before, so that there are no more
/// columns than fields.
std::vector<SortKey> without_repeated(const std::vector<SortKey>& keys) {
  std::vector<SortKey> kept;
  for (const SortKey& key : keys)
    if (std::ranges::find(kept, key.field, &SortKey::field) == kept.end()) kept.push_back(key);
  return kept;
}

}  // namespace

async::Task<Result<std::vector<std::uint32_t>>> sort(store::AccountPtr account,
                                                     store::MailboxPtr mailbox,
                                                     std::vector<std::uint32_t> positions,
                                                     SortOrder order_by, WorkLimit& limit,
                                                     store::Unreadable* unreadable) {
  const SortOrder by(without_repeated(order_by.keys), order_by.collation);
  constexpr std::size_t kInPlace = 200;
  constexpr std::size_t kForTwo = 4096;  // From here on, two threads read keys.
  const bool few =
      positions.size() <= kInPlace && std::ranges::all_of(by.keys, [](const SortKey& key) {
        return key.field == SortField::arrival || key.field == SortField::size;
      });
  const std::span<const std::uint32_t> all(positions);
  const auto read = [&](std::span<const std::uint32_t> some, store::Unreadable& failed) {
    Work work(limit);
    return read_columns(account, *mailbox, some, by, work, failed);
  };
  const auto order = [&](const KeyColumns& columns) {
    Work work(limit);
    return sorted_by(columns, all, work);
  };
  store::Unreadable failed;
  if (few) co_return order(read(all, failed));
  store::Store& store = account->store();
  // The second thread has no turn of its own, so it helps only while nobody waits for one.
  const bool is_shared = all.size() < kForTwo || store.long_work().is_wanted();
  const std::size_t half = is_shared ? all.size() : all.size() / 2;
  KeyColumns rest;
  async::Begun other;
  store::Unreadable failed_in_rest;
  if (half < all.size())
    other = async::Begun(store.offload(), [&] { rest = read(all.subspan(half), failed_in_rest); });
  KeyColumns columns = co_await in_one_turn(
      account, [&all, &read, &failed, half] { return read(all.first(half), failed); });
  co_await other;
  if (unreadable != nullptr) {
    unreadable->merge(failed);
    unreadable->merge(failed_in_rest);
  }
  std::vector<std::uint32_t> ordered = co_await in_one_turn(account, [&rest, &columns, &order] {
    for (std::size_t i = 0; i < rest.size(); ++i) columns[i].append(rest[i]);
    return order(columns);
  });
  if (Status done = limit.status(); !done) co_return pass(done);
  co_return ordered;
}

}  // namespace posthorn::search
