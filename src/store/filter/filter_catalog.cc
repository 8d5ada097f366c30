#include "store/filter/filter_catalog.h"

#include <algorithm>

#include "base/bytes.h"
#include "message/digest/digest.h"
#include "store/filter/filter_block.h"
#include "store/format/keys.h"
#include "store/format/record.h"
#include "text/fold.h"

namespace posthorn::store {

std::uint32_t filter_maker() {
  return std::uint32_t{kFilterVersion} << 24 | std::uint32_t{message::kStructureVersion} << 16 |
         text::tables_version();
}

std::vector<PageNumber> FilterRef::pages() const {
  std::vector<PageNumber> all;
  for (std::uint64_t i = 0; i <= parts; ++i) all.emplace_back(page.value + i);
  return all;
}

std::string encode_filter_ref(const FilterRef& ref) {
  std::string out;
  ByteWriter w(out);
  w.varint(ref.last.value - ref.first.value);
  w.varint(ref.page.value);
  w.varint(ref.parts);
  w.u32(ref.maker);
  return seal(out);
}

Result<FilterRef> decode_filter_ref(Ordinal first, std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  FilterRef ref;
  ref.first = first;
  const std::uint64_t more = r.varint();
  ref.last.value = first.value + more;
  ref.page.value = r.varint();
  const std::uint64_t parts = r.varint();
  ref.parts = static_cast<std::uint32_t>(parts);
  ref.maker = r.u32();
  if (!r.ok() || ref.last < first || parts > kMostParts)
    return fail(ErrorKind::corrupt, "a stored search filter cannot be read");
  return ref;
}

namespace {

/// A row that cannot be read is taken for a filter that nobody can use: it is replaced like one
/// that is outdated.
FilterRef read_ref(const engine::Row& row) {
  const Ordinal first(keys::last_number(row.key));
  if (auto ref = decode_filter_ref(first, row.value)) return *ref;
  return {first, first, PageNumber(0), 0, 0};
}

async::Task<Result<std::shared_ptr<const FilterCatalog::Refs>>> read_refs(engine::Engine& engine,
                                                                          PartitionId partition) {
  auto refs = std::make_shared<FilterCatalog::Refs>();
  std::string from(keys::kFilters);
  for (;;) {
    constexpr std::size_t kRowsAtOnce = 4096;
    auto rows =
        co_await engine.scan(partition, from, keys::after_prefix(keys::kFilters), kRowsAtOnce);
    if (!rows) co_return pass(rows);
    for (const engine::Row& row : rows->rows) refs->push_back(read_ref(row));
    if (!rows->next_key) break;
    from = *rows->next_key;
  }
  co_return refs;
}

}  // namespace

async::Task<Result<std::shared_ptr<const FilterCatalog::Refs>>> FilterCatalog::load(bool again) {
  for (;;) {
    std::uint64_t before = 0;
    {
      const MutexLock lock(mutex_);
      if (auto known = refs_.load(); known && !again) co_return known;
      before = changes_;
    }
    auto refs = co_await read_refs(engine_, partition_);
    if (!refs) co_return pass(refs);
    const MutexLock lock(mutex_);
    if (changes_ != before) continue;
    refs_.store(*refs);
    co_return *refs;
  }
}

const FilterRef* FilterCatalog::find(const Refs& refs, Ordinal ordinal) {
  const auto it = std::ranges::upper_bound(refs, ordinal, {}, &FilterRef::first);
  if (it == refs.begin()) return nullptr;
  const FilterRef& ref = *(it - 1);
  return ordinal <= ref.last ? &ref : nullptr;
}

void FilterCatalog::forget() {
  const MutexLock lock(mutex_);
  ++changes_;
  refs_.store(nullptr);
}

void FilterCatalog::note_damaged(Ordinal first) {
  const MutexLock lock(mutex_);
  damaged_.insert(first);
}

bool FilterCatalog::is_damaged(Ordinal first) const {
  const MutexLock lock(mutex_);
  return damaged_.contains(first);
}

void FilterCatalog::clear_damaged(Ordinal first) {
  const MutexLock lock(mutex_);
  damaged_.erase(first);
}

}  // namespace posthorn::store
