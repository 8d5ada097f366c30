#include "store/texts/texts_catalog.h"

#include <algorithm>

#include "base/bytes.h"
#include "message/digest/digest.h"
#include "store/format/keys.h"
#include "store/format/record.h"

namespace posthorn::store {

std::uint32_t texts_maker() {
  return std::uint32_t{kTextsVersion} << 8 | std::uint32_t{message::kStructureVersion};
}

std::string encode_texts_ref(const TextsRef& ref) {
  std::string out;
  ByteWriter w(out);
  w.varint(ref.last.value - ref.first.value);
  w.varint(ref.page.value);
  w.u32(ref.maker);
  return seal(out);
}

Result<TextsRef> decode_texts_ref(Ordinal first, std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  ByteReader r(*payload);
  TextsRef ref;
  ref.first = first;
  ref.last.value = first.value + r.varint();
  ref.page.value = r.varint();
  ref.maker = r.u32();
  if (!r.ok() || ref.last < first)
    return fail(ErrorKind::corrupt, "a stored list of attachments' text cannot be read");
  return ref;
}

namespace {

/// A row that cannot be read is replaced like one that is outdated.
TextsRef read_ref(const engine::Row& row) {
  const Ordinal first(keys::last_number(row.key));
  if (auto ref = decode_texts_ref(first, row.value)) return *ref;
  return {first, first, PageNumber(0), 0};
}

async::Task<Result<std::shared_ptr<const TextsCatalog::Refs>>> read_refs(engine::Engine& engine,
                                                                         PartitionId partition) {
  auto refs = std::make_shared<TextsCatalog::Refs>();
  std::string from(keys::kTexts);
  for (;;) {
    constexpr std::size_t kRowsAtOnce = 4096;
    auto rows =
        co_await engine.scan(partition, from, keys::after_prefix(keys::kTexts), kRowsAtOnce);
    if (!rows) co_return pass(rows);
    for (const engine::Row& row : rows->rows) refs->push_back(read_ref(row));
    if (!rows->next_key) break;
    from = *rows->next_key;
  }
  co_return refs;
}

}  // namespace

async::Task<Result<std::shared_ptr<const TextsCatalog::Refs>>> TextsCatalog::load(bool again) {
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

const TextsRef* TextsCatalog::find(const Refs& refs, Ordinal ordinal) {
  const auto it = std::ranges::upper_bound(refs, ordinal, {}, &TextsRef::first);
  if (it == refs.begin()) return nullptr;
  const TextsRef& ref = *(it - 1);
  return ordinal <= ref.last ? &ref : nullptr;
}

std::optional<Ordinal> TextsCatalog::first_missing(const Refs& refs, const GroupRef& group) {
  Ordinal at = group.first;
  while (at <= group.last) {
    const TextsRef* const ref = find(refs, at);
    if (ref == nullptr) return at;
    at = Ordinal(ref->last.value + 1);
  }
  return std::nullopt;
}

void TextsCatalog::forget() {
  const MutexLock lock(mutex_);
  ++changes_;
  refs_.store(nullptr);
}

void TextsCatalog::note_damaged(Ordinal first) {
  const MutexLock lock(mutex_);
  damaged_.insert(first);
}

bool TextsCatalog::is_damaged(Ordinal first) const {
  const MutexLock lock(mutex_);
  return damaged_.contains(first);
}

void TextsCatalog::clear_damaged(Ordinal first) {
  const MutexLock lock(mutex_);
  damaged_.erase(first);
}

}  // namespace posthorn::store
