#include "store/read/email_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "async/offload.h"
#include "async/wait.h"
#include "store/format/codec.h"
#include "store/format/group_page.h"
#include "store/format/record.h"
#include "store/read/email_catalog.h"
#include "store/read/piece_batch.h"
#include "store/read/redigest.h"
#include "store/store_state.h"

namespace posthorn::store {
namespace {

constexpr std::size_t kColumns = 4;
constexpr std::size_t index_of(Column c) {
  switch (c) {
    case Column::keys: return 0;
    case Column::structure: return 1;
    case Column::header: return 2;
    case Column::body: return 3;
  }
  return 0;
}

using GroupPagePtr = std::shared_ptr<const GroupPage>;

constexpr std::array<GroupPage::Judge, kColumns> kJudges = {is_trusted_keys, is_trusted_structure,
                                                            nullptr, nullptr};

std::string_view column_of(const EmailRecord& record, Column column) {
  switch (column) {
    case Column::keys: return record.keys;
    case Column::structure: return record.structure;
    case Column::header: return record.header;
    case Column::body: return record.body;
  }
  return {};
}

}  // namespace

struct EmailReader::State {
  struct Group {
    GroupRef ref;
    std::array<GroupPagePtr, kColumns> pages;
  };

  struct Run {
    std::uint64_t number = 0;
    std::shared_ptr<const RecordRun> records;
  };

  AccountPtr account;
  std::vector<Group> groups;
  /// From memory.
  std::vector<Run> runs;
  /// What was read, since the cache need not keep it.
  std::unordered_map<Ordinal, std::shared_ptr<const EmailRecord>> rows;
  std::unordered_map<Ordinal, Error> errors;
  mutable std::size_t last = 0;
  mutable std::size_t last_run = 0;

  [[nodiscard]] const Group* find(Ordinal ordinal) const {
    const auto in = [&](const Group& g) { return g.ref.first <= ordinal && ordinal <= g.ref.last; };
    if (last < groups.size() && in(groups[last])) return &groups[last];
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (!in(groups[i])) continue;
      last = i;
      return &groups[i];
    }
    return nullptr;
  }

  [[nodiscard]] const RecordRun* run_of(Ordinal ordinal) const {
    const std::uint64_t number = RecordRun::number_of(ordinal);
    if (last_run < runs.size() && runs[last_run].number == number)
      return runs[last_run].records.get();
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (runs[i].number != number) continue;
      last_run = i;
      return runs[i].records.get();
    }
    return nullptr;
  }

  /// Returns the record of a message that was taken from memory or read, else null.
  [[nodiscard]] const EmailRecord* record_of(Ordinal ordinal) const {
    if (const RecordRun* run = run_of(ordinal); run != nullptr)
      if (const EmailRecord* record = run->find(ordinal); record != nullptr) return record;
    if (rows.empty()) return nullptr;
    const auto it = rows.find(ordinal);
    return it == rows.end() ? nullptr : it->second.get();
  }

  [[nodiscard]] bool has(const Group& group, Columns columns) const {
    for (std::size_t i = 0; i < kColumns; ++i)
      if ((columns & 1U << i) != 0 && !group.pages[i]) return false;
    return true;
  }

  /// Returns true if the group's pages may be used for these columns of the message. Digests of
  /// another version may not. Requires: has().
  [[nodiscard]] static bool trusts(const Group& group, Columns columns, Ordinal ordinal) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      if ((columns & 1U << i) == 0 || group.pages[i]->trusted()) continue;
      auto bytes = group.pages[i]->find(ordinal);
      if (bytes && !kJudges[i](*bytes)) return false;
    }
    return true;
  }

  /// Takes from memory what is there of these messages, and returns those that have to be read.
  std::vector<Ordinal> take(std::span<const Ordinal> ordinals, Columns columns) {
    // Pages first: one lookup covers hundreds of messages whose bytes are adjacent. For a few
    // messages, cached records are used rather than reading pages.
    constexpr std::size_t kManyTogether = 32;
    const bool many = ordinals.size() >= kManyTogether;
    const auto known = account->emails().known();
    const GroupRef* absent = nullptr;
    std::vector<Ordinal> missing;
    for (const Ordinal ordinal : ordinals) {
      if (const Group* group = find(ordinal);
          group != nullptr && has(*group, columns) && trusts(*group, columns, ordinal))
        continue;
      if (record_of(ordinal) != nullptr) continue;
      const GroupRef* ref = known ? EmailCatalog::find(*known, ordinal) : nullptr;
      if (ref != nullptr && ref != absent) {
        if (!take_cached_pages(*ref, columns)) {
          if (many) absent = ref;
        } else if (trusts(*find(ordinal), columns, ordinal)) {
          continue;
        }
      }
      if ((ref == nullptr || ref != absent) && take_cached_record(ordinal)) continue;
      missing.push_back(ordinal);
    }
    if (!runs.empty()) prefetch(ordinals, columns);
    return missing;
  }

  /// Asks the processor for the columns that the caller will read next. Records lie apart from each
  /// other, so that each would otherwise be waited for in turn: first for the record, and then for
  /// the text to which it points.
  void prefetch(std::span<const Ordinal> ordinals, Columns columns) const {
    constexpr std::size_t kAhead = 8;
    std::array<const EmailRecord*, kAhead> asked{};
    for (std::size_t i = 0; i < ordinals.size() + kAhead; ++i) {
      const EmailRecord*& slot = asked[i % kAhead];
      if (slot != nullptr)
        for (std::size_t c = 0; c < kColumns; ++c)
          if ((columns & 1U << c) != 0)
            __builtin_prefetch(column_of(*slot, static_cast<Column>(1U << c)).data());
      slot = i < ordinals.size() ? record_of(ordinals[i]) : nullptr;
      if (slot != nullptr) __builtin_prefetch(slot);
    }
  }

  /// Takes the run of a message from the cache of records. Returns false if the message is not in
  /// it.
  bool take_cached_record(Ordinal ordinal) {
    const RecordRun* run = run_of(ordinal);
    if (run == nullptr) {
      auto found = account->store().state().records.find(account->id(), ordinal);
      if (!found) return false;
      run = found.get();
      last_run = runs.size();
      runs.push_back({RecordRun::number_of(ordinal), std::move(found)});
    }
    return run->find(ordinal) != nullptr;
  }

  /// Returns where the group is in `groups`; adds it if necessary.
  std::size_t place_of(const GroupRef& ref) {
    const auto it =
        std::ranges::find_if(groups, [&](const Group& g) { return g.ref.first == ref.first; });
    const auto at = static_cast<std::size_t>(it - groups.begin());
    if (it == groups.end()) groups.push_back({ref, {}});
    return at;
  }

  /// Takes the group's page of a column from our cache. `ref` may be newer than the group's own, if
  /// it was packed again.
  bool take_cached_page(Group& group, const GroupRef& ref, std::size_t column) {
    if (group.pages[column]) return true;
    group.pages[column] =
        account->store().state().pages.find({account->id(), ref.pages[column].value});
    return group.pages[column] != nullptr;
  }

  bool take_cached_pages(const GroupRef& ref, Columns columns) {
    Group& group = groups[place_of(ref)];
    for (std::size_t i = 0; i < kColumns; ++i)
      if ((columns & 1U << i) != 0 && !take_cached_page(group, ref, i)) return false;
    return true;
  }

  /// Takes a page that was read.
  Status take_page(Group& group, PageNumber number, std::size_t column,
                   const Result<std::string_view>& bytes) {
    if (!bytes) return std::unexpected(bytes.error());
    auto decoded = GroupPage::decode(*bytes, kJudges[column]);
    if (!decoded) return pass(decoded);
    group.pages[column] = std::move(*decoded);
    const GroupPagePtr& page = group.pages[column];
    account->store().state().pages.put({account->id(), number.value}, page, page->bytes());
    return {};
  }

  /// Reads the pages of these columns that are not in memory, many in one call of the engine.
  /// Returns the status of each group.
  async::Task<std::vector<Status>> read_pages(std::vector<GroupRef> refs, Columns columns) {
    struct Wanted {
      std::size_t ref;
      std::size_t group;
      std::size_t column;
    };
    std::vector<Wanted> wanted;
    for (std::size_t r = 0; r < refs.size(); ++r) {
      const std::size_t at = place_of(refs[r]);
      for (std::size_t i = 0; i < kColumns; ++i)
        if ((columns & 1U << i) != 0 && !take_cached_page(groups[at], refs[r], i))
          wanted.push_back({r, at, i});
    }
    std::vector<Status> taken(wanted.size());
    std::vector<PageNumber> numbers;
    for (const Wanted& w : wanted) numbers.push_back(refs[w.ref].pages[w.column]);
    co_await account->store().engine().visit_pages(
        account->id(), numbers, [&](std::size_t i, const Result<std::string_view>& bytes) {
          taken[i] = take_page(groups[wanted[i].group], numbers[i], wanted[i].column, bytes);
        });
    std::vector<Status> done(refs.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (Status& ok = done[wanted[i].ref]; ok) ok = taken[i];
    co_return done;
  }

  /// Reads messages that are not in memory. Decodes them in place.
  async::Task<void> read(std::vector<Ordinal> ordinals, Columns columns) {
    for (const bool again : {false, true}) {
      Result<std::shared_ptr<const EmailCatalog::Groups>> known = account->emails().known();
      if (again || !*known) known = co_await account->emails().load(again);
      if (!known) {
        for (const Ordinal ordinal : ordinals) errors.emplace(ordinal, known.error());
        co_return;
      }
      std::vector<Ordinal> grouped;
      std::vector<Ordinal> single;
      for (const Ordinal ordinal : ordinals)
        (EmailCatalog::find(**known, ordinal) != nullptr ? grouped : single).push_back(ordinal);
      // A page disappears when its messages are removed or packed again, and a row when it is
      // packed. The list of groups has changed then, too.
      Gone gone;
      if (!grouped.empty()) co_await read_grouped(**known, std::move(grouped), columns, gone);
      if (!single.empty()) co_await read_single(std::move(single), gone);
      if (gone.empty()) co_return;
      ordinals.clear();
      for (auto& [ordinal, why] : gone) {
        ordinals.push_back(ordinal);
        if (again) errors.emplace(ordinal, std::move(why));
      }
    }
  }

  /// Messages that were not where they are expected, and the errors that say so.
  using Gone = std::vector<std::pair<Ordinal, Error>>;

  /// Adds the messages whose pages do not exist to `gone`.
  async::Task<void> read_grouped(const EmailCatalog::Groups& known, std::vector<Ordinal> ordinals,
                                 Columns columns, Gone& gone) {
    std::vector<GroupRef> refs;
    std::vector<std::size_t> ref_of;  // Of each message.
    for (const Ordinal ordinal : ordinals) {
      const GroupRef& ref = *EmailCatalog::find(known, ordinal);
      std::size_t r = refs.size();
      while (r > 0 && refs[r - 1].first != ref.first) --r;
      if (r == 0) {
        refs.push_back(ref);
        r = refs.size();
      }
      ref_of.push_back(r - 1);
    }
    const std::vector<Status> done = co_await read_pages(refs, columns);
    for (std::size_t i = 0; i < ordinals.size(); ++i) {
      const Ordinal ordinal = ordinals[i];
      Status ok = done[ref_of[i]];
      if (ok && trusts(*find(ordinal), columns, ordinal)) continue;
      if (ok) ok = co_await renew(refs[ref_of[i]], ordinal);
      if (ok) continue;
      if (ok.error().kind == ErrorKind::not_found && !done[ref_of[i]]) {
        gone.emplace_back(ordinal, ok.error());
      } else {
        errors.emplace(ordinal, ok.error());
      }
    }
  }

  /// Reads messages that are in no group. Adds those that have no row to `gone`.
  async::Task<void> read_single(std::vector<Ordinal> ordinals, Gone& gone) {
    auto records = co_await account->emails().read_rows(ordinals);
    for (std::size_t i = 0; i < ordinals.size(); ++i) {
      Result<EmailRecord>& record = records[i];
      if (record && !is_trusted(*record)) {
        const Status ok = co_await make_digest(*record);
        if (!ok) record = std::unexpected(ok.error());
      }
      if (record) {
        keep(ordinals[i], std::move(*record));
      } else if (record.error().kind == ErrorKind::not_found) {
        gone.emplace_back(ordinals[i], record.error());
      } else {
        errors.emplace(ordinals[i], record.error());
      }
    }
  }

  /// Makes the untrusted digest of a message in the group again, and records that the group is
  /// outdated.
  async::Task<Status> renew(GroupRef ref, Ordinal ordinal) {
    account->emails().note_stale(ref.first);
    const auto done = co_await read_pages({ref}, bit(Column::header) | bit(Column::body));
    if (!done.front()) co_return done.front();
    const Group& group = *find(ordinal);
    EmailRecord record;
    for (const Column column : {Column::header, Column::body}) {
      auto bytes = group.pages[index_of(column)]->find(ordinal);
      if (!bytes) co_return pass(bytes);
      (column == Column::header ? record.header : record.body) = *bytes;
    }
    Status made = co_await make_digest(record);
    if (made) keep(ordinal, std::move(record));
    co_return made;
  }

  async::Task<Status> make_digest(EmailRecord& record) {
    auto digest = co_await digest_again(account->store().engine(), record.header, record.body);
    if (!digest) co_return pass(digest);
    record.keys = std::move(digest->keys);
    record.structure = std::move(digest->structure);
    co_return Status{};
  }

  /// Keeps a record that was read.
  void keep(Ordinal ordinal, EmailRecord record) {
    auto shared = std::make_shared<const EmailRecord>(std::move(record));
    account->store().state().records.put(account->id(), ordinal, shared);
    rows.emplace(ordinal, std::move(shared));
  }

  /// Keeps the last groups and runs, where a sequential reader probably continues.
  void forget() {
    rows.clear();
    errors.clear();
    constexpr std::size_t kKept = 8;
    if (groups.size() > kKept) groups.clear();
    if (runs.size() > kKept) runs.clear();
    last = 0;
    last_run = 0;
  }
};

EmailReader::EmailReader(AccountPtr account) : state_(std::make_unique<State>()) {
  state_->account = std::move(account);
}

EmailReader::~EmailReader() = default;

async::Task<void> EmailReader::load(std::span<const Ordinal> ordinals, Columns columns) {
  state_->forget();
  std::vector<Ordinal> missing = state_->take(ordinals, columns);
  if (missing.empty()) co_return;
  // Inflating the pages of a batch takes longer than reading them, and both together cost one
  // change of threads this way.
  co_await async::off_loop(state_->account->store().offload(),
                           state_->read(std::move(missing), columns));
}

void EmailReader::load_blocking(std::span<const Ordinal> ordinals, Columns columns) {
  state_->forget();
  std::vector<Ordinal> missing = state_->take(ordinals, columns);
  if (!missing.empty()) async::wait(state_->read(std::move(missing), columns));
}

Result<std::string_view> EmailReader::get(Ordinal ordinal, Column column) const {
  const State::Group* group = state_->find(ordinal);
  const GroupPage* page = group == nullptr ? nullptr : group->pages[index_of(column)].get();
  if (page != nullptr && page->trusted()) return page->find(ordinal);
  if (const EmailRecord* record = state_->record_of(ordinal); record != nullptr)
    return column_of(*record, column);
  if (const auto it = state_->errors.find(ordinal); it != state_->errors.end())
    return std::unexpected(it->second);
  if (page != nullptr) return page->find(ordinal);
  return fail(ErrorKind::server_bug, "a message was not loaded");
}

}  // namespace posthorn::store
