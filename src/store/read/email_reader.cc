#include "store/read/email_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "async/offload.h"
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

std::size_t size_of(const EmailRecord& record) {
  return record.keys.size() + record.structure.size() + record.header.size() + record.body.size();
}

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

  AccountPtr account;
  std::vector<Group> groups;
  std::unordered_map<Ordinal, std::shared_ptr<const EmailRecord>> rows;
  std::unordered_map<Ordinal, Error> errors;
  mutable std::size_t last = 0;

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

  /// Takes one message from memory. Returns false if it has to be read.
  bool take_cached(const EmailCatalog::Groups* known, Ordinal ordinal, Columns columns,
                   std::size_t together) {
    if (const Group* group = find(ordinal);
        group != nullptr && has(*group, columns) && trusts(*group, columns, ordinal))
      return true;
    if (!rows.empty() && rows.contains(ordinal)) return true;
    // Pages first: one lookup covers hundreds of messages whose bytes are adjacent. For a few
    // messages, cached records are used rather than reading pages.
    constexpr std::size_t kManyTogether = 32;
    const GroupRef* ref = known != nullptr ? EmailCatalog::find(*known, ordinal) : nullptr;
    if (ref != nullptr) {
      if (take_pages(*ref, columns, engine::Tier::cached_only)) {
        if (trusts(*find(ordinal), columns, ordinal)) return true;
      } else if (together >= kManyTogether) {
        return false;
      }
    }
    if (auto record = account->store().state().records.find({account->id(), ordinal.value})) {
      rows.emplace(ordinal, std::move(record));
      return true;
    }
    return false;
  }

  /// Takes the group's pages of these columns from our cache or, if allowed, from the engine.
  Status take_pages(const GroupRef& ref, Columns columns, engine::Tier tier) {
    auto it =
        std::ranges::find_if(groups, [&](const Group& g) { return g.ref.first == ref.first; });
    if (it == groups.end()) it = groups.insert(groups.end(), Group{ref, {}});
    auto& cache = account->store().state().pages;
    for (std::size_t i = 0; i < kColumns; ++i) {
      if ((columns & 1U << i) == 0 || it->pages[i]) continue;
      const AccountItem key{account->id(), ref.pages[i].value};
      GroupPagePtr page = cache.find(key);
      if (!page) {
        if (tier == engine::Tier::cached_only)
          return fail(ErrorKind::would_block, "not in the cache");
        auto bytes = account->store().engine().read_page(account->id(), ref.pages[i], tier);
        if (!bytes) return pass(bytes);
        auto decoded = GroupPage::decode(*bytes, kJudges[i]);
        if (!decoded) return pass(decoded);
        page = *decoded;
        cache.put(key, page, page->bytes());
      }
      it->pages[i] = std::move(page);
    }
    return {};
  }

  void read(Ordinal ordinal, Columns columns) {
    EmailCatalog& catalog = account->emails();
    for (const bool again : {false, true}) {
      auto known = catalog.load(again);
      if (!known) {
        errors.emplace(ordinal, known.error());
        return;
      }
      if (const GroupRef* ref = EmailCatalog::find(**known, ordinal)) {
        Status ok = take_pages(*ref, columns, engine::Tier::may_block);
        // A page disappears when its messages are removed or packed again; the list of groups has
        // changed then, too.
        if (!ok && ok.error().kind == ErrorKind::not_found && !again) continue;
        if (ok && !trusts(*find(ordinal), columns, ordinal)) ok = renew(*ref, ordinal);
        if (!ok) errors.emplace(ordinal, ok.error());
        return;
      }
      auto record = catalog.read_row(ordinal);
      if (record) {
        if (Status ok = keep(ordinal, std::move(*record)); !ok) errors.emplace(ordinal, ok.error());
        return;
      }
      // It may have been packed a moment ago.
      if (record.error().kind != ErrorKind::not_found || again) {
        errors.emplace(ordinal, record.error());
        return;
      }
    }
  }

  /// Makes the untrusted digest of a message in the group again, and records that the group is
  /// outdated.
  Status renew(const GroupRef& ref, Ordinal ordinal) {
    account->emails().note_stale(ref.first);
    if (Status ok =
            take_pages(ref, bit(Column::header) | bit(Column::body), engine::Tier::may_block);
        !ok)
      return ok;
    const Group& group = *find(ordinal);
    EmailRecord record;
    for (const Column column : {Column::header, Column::body}) {
      auto bytes = group.pages[index_of(column)]->find(ordinal);
      if (!bytes) return pass(bytes);
      (column == Column::header ? record.header : record.body) = *bytes;
    }
    return keep(ordinal, std::move(record));
  }

  /// Keeps a record that was read, with a new digest if necessary.
  Status keep(Ordinal ordinal, EmailRecord record) {
    if (!is_trusted(record)) {
      auto digest = digest_again(account->store().engine(), record.header, record.body);
      if (!digest) return pass(digest);
      record.keys = std::move(digest->keys);
      record.structure = std::move(digest->structure);
    }
    const auto shared = std::make_shared<const EmailRecord>(std::move(record));
    account->store().state().records.put({account->id(), ordinal.value}, shared, size_of(*shared));
    rows.emplace(ordinal, shared);
    return {};
  }

  /// Keeps the last group, where a sequential reader probably continues.
  void forget() {
    rows.clear();
    errors.clear();
    constexpr std::size_t kKept = 8;
    if (groups.size() > kKept) groups.clear();
    last = 0;
  }
};

EmailReader::EmailReader(AccountPtr account) : state_(std::make_unique<State>()) {
  state_->account = std::move(account);
}

EmailReader::~EmailReader() = default;

async::Task<void> EmailReader::load(std::span<const Ordinal> ordinals, Columns columns) {
  state_->forget();
  const auto known = state_->account->emails().known();
  std::vector<Ordinal> missing;
  for (const Ordinal ordinal : ordinals)
    if (!state_->take_cached(known.get(), ordinal, columns, ordinals.size()))
      missing.push_back(ordinal);
  if (missing.empty()) co_return;
  co_await async::offload(state_->account->store().offload(), [&] {
    for (const Ordinal ordinal : missing) state_->read(ordinal, columns);
    return true;
  });
}

void EmailReader::load_blocking(std::span<const Ordinal> ordinals, Columns columns) {
  state_->forget();
  const auto known = state_->account->emails().known();
  for (const Ordinal ordinal : ordinals)
    if (!state_->take_cached(known.get(), ordinal, columns, ordinals.size()))
      state_->read(ordinal, columns);
}

Result<std::string_view> EmailReader::get(Ordinal ordinal, Column column) const {
  const State::Group* group = state_->find(ordinal);
  const GroupPage* page = group == nullptr ? nullptr : group->pages[index_of(column)].get();
  if (page != nullptr && page->trusted()) return page->find(ordinal);
  if (const auto it = state_->rows.find(ordinal); it != state_->rows.end())
    return column_of(*it->second, column);
  if (const auto it = state_->errors.find(ordinal); it != state_->errors.end())
    return std::unexpected(it->second);
  if (page != nullptr) return page->find(ordinal);
  return fail(ErrorKind::server_bug, "a message was not loaded");
}

Result<BodyReader> BodyReader::open(AccountPtr account, std::string_view body_column,
                                    const PieceBatch* ahead) {
  auto list = decode_body_list(body_column);
  if (!list) return pass(list);
  BodyReader reader;
  reader.account_ = std::move(account);
  reader.ahead_ = ahead;
  reader.list_ = std::move(*list);
  for (const BodyPiece& piece : reader.list_.pieces) reader.size_ += piece.size;
  return reader;
}

BodyReader::Place BodyReader::place_of(std::uint64_t offset) const {
  for (const BodyPiece& piece : list_.pieces) {
    if (offset < piece.size) return {&piece, offset};
    offset -= piece.size;
  }
  return {};
}

namespace {

Result<std::shared_ptr<const std::string>> read_piece(Store& store, const BodyPiece& piece,
                                                      engine::Tier tier) {
  auto stored = store.engine().read_piece(piece.name, tier);
  if (!stored) return pass(stored);
  auto bytes = unseal_page(*stored);
  if (!bytes) return pass(bytes);
  if (bytes->size() != piece.size)
    return fail(ErrorKind::corrupt, "a piece of the message has the wrong size");
  auto shared = std::make_shared<const std::string>(std::move(*bytes));
  store.state().pieces.put(piece.name, shared, shared->size());
  return shared;
}

/// Returns whether read_piece() would succeed; may block.
Status check_piece(Store& store, const BodyPiece& piece) {
  auto stored = store.engine().read_piece(piece.name, engine::Tier::may_block);
  if (!stored) return pass(stored);
  return check_page(*stored, piece.size);
}

BodyReader::Chunk chunk_of(std::shared_ptr<const std::string> piece, std::uint64_t within,
                           std::uint64_t limit) {
  const std::string_view bytes = std::string_view(*piece).substr(within, limit);
  return {std::move(piece), bytes};
}

}  // namespace

Result<BodyReader::Chunk> BodyReader::at_hand(Place place, std::uint64_t limit) const {
  if (place.piece == nullptr) return Chunk{};
  if (ahead_ != nullptr) {
    if (const auto bytes = ahead_->find(place.piece->name))
      return Chunk{nullptr,
                   bytes->substr(std::min<std::size_t>(place.within, bytes->size()), limit)};
  }
  if (auto piece = account_->store().state().pieces.find(place.piece->name))
    return chunk_of(std::move(piece), place.within, limit);
  return fail(ErrorKind::would_block, "not in the cache");
}

async::Task<Result<BodyReader::Chunk>> BodyReader::read(std::uint64_t offset, std::uint64_t limit) {
  const Place place = place_of(offset);
  if (auto chunk = at_hand(place, limit); chunk) co_return chunk;
  Store& store = account_->store();
  // For data in the engine's memory, a direct read is cheaper than a switch of threads. The result
  // may also be that the read would have to wait, or that this cannot be known without waiting.
  auto piece = read_piece(store, *place.piece, engine::Tier::cached_only);
  if (!piece) {
    piece = co_await async::offload(
        store.offload(), [&] { return read_piece(store, *place.piece, engine::Tier::may_block); });
  }
  if (!piece) co_return pass(piece);
  co_return chunk_of(std::move(*piece), place.within, limit);
}

std::vector<const BodyPiece*> BodyReader::missing(std::uint64_t begin, std::uint64_t end) const {
  std::vector<const BodyPiece*> found;
  std::uint64_t at = 0;
  for (const BodyPiece& piece : list_.pieces) {
    const std::uint64_t from = std::exchange(at, at + piece.size);
    if (from >= end) break;
    if (at > begin && !at_hand({&piece, 0}, 1)) found.push_back(&piece);
  }
  return found;
}

async::Task<Status> BodyReader::prepare(std::uint64_t begin, std::uint64_t end) {
  constexpr std::uint64_t kKept = 1 << 20;
  // After this many, other work waiting for the thread gets its turn.
  constexpr std::size_t kAtOnce = 16;
  const std::vector<const BodyPiece*> pieces = missing(begin, end);
  Store& store = account_->store();
  // Most bodies have one piece, which is usually in the engine's memory.
  if (pieces.size() == 1 && read_piece(store, *pieces.front(), engine::Tier::cached_only))
    co_return Status();
  std::uint64_t kept = 0;
  const auto verify = [&](const BodyPiece& piece) -> Status {
    if (kept + piece.size > kKept) return check_piece(store, piece);
    kept += piece.size;
    auto read = read_piece(store, piece, engine::Tier::may_block);
    return read ? Status() : pass(read);
  };
  for (std::size_t first = 0; first < pieces.size(); first += kAtOnce) {
    const auto some = std::span(pieces).subspan(first, std::min(kAtOnce, pieces.size() - first));
    Status good = co_await async::offload(store.offload(), [&]() -> Status {
      for (const BodyPiece* piece : some)
        if (Status ok = verify(*piece); !ok) return ok;
      return {};
    });
    if (!good) co_return good;
  }
  co_return Status();
}

Result<BodyReader::Chunk> BodyReader::read_blocking(std::uint64_t offset, std::uint64_t limit) {
  const Place place = place_of(offset);
  if (auto chunk = at_hand(place, limit); chunk) return chunk;
  auto piece = read_piece(account_->store(), *place.piece, engine::Tier::may_block);
  if (!piece) return pass(piece);
  return chunk_of(std::move(*piece), place.within, limit);
}

}  // namespace posthorn::store
