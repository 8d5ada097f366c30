#include "store/upkeep/repack.h"

#include <algorithm>

#include "store/nodes/page_numbers.h"

namespace posthorn::store {
namespace {

constexpr std::uint32_t kChunkRows = 4096;

class Packer {
 public:
  Packer(const Contents& contents, const KeywordTable& keywords, PageNumbers& numbers,
         Repacked& out)
      : contents_(contents), keywords_(keywords), numbers_(numbers), out_(out) {}

  /// Packs the rows with first <= UID <= last into chunks of at most kChunkRows that cover this
  /// range.
  void pack(Uid first, Uid last) {
    const Members& members = contents_.members();
    const std::uint32_t from = members.lower_bound(first);
    const std::uint32_t to =
        last.value == UINT32_MAX ? members.count() : members.lower_bound(Uid(last.value + 1));
    RowPacker rows;
    Uid chunk_first = first;
    Uid previous = first;
    const auto flush = [&](Uid chunk_last) {
      if (rows.count() == 0) return;
      const PageNumber page = numbers_.take();
      out_.storage.chunks.push_back({page, chunk_first, chunk_last, rows.count()});
      out_.pages.push_back({page, rows.finish()});
      chunk_first = Uid(chunk_last.value + 1);
    };
    contents_.for_each(from, to,
                       [&](std::uint32_t, const MemberLeaf& m, const FlagLeaf& f, std::uint32_t k) {
                         if (rows.count() == kChunkRows) flush(previous);
                         const FlagState flags = f.at(k);
                         rows.add(m.at(k), flags, keywords_.set(flags.keywords));
                         previous = Uid(m.uid[k]);
                       });
    flush(last.value == UINT32_MAX ? previous : last);
    covered_.add(first.value, last.value);
  }
  [[nodiscard]] const NumberSet& covered() const { return covered_; }

 private:
  const Contents& contents_;
  const KeywordTable& keywords_;
  PageNumbers& numbers_;
  Repacked& out_;
  NumberSet covered_;
};

bool holds_any(const NumberSet& set, Uid first, Uid last) {
  const auto it = std::ranges::lower_bound(set.ranges(), first.value, {}, &NumberSet::Range::last);
  return it != set.ranges().end() && it->first <= last.value;
}

}  // namespace

Repacked repack(const Contents& contents, const KeywordTable& keywords,
                const MailboxStorage& storage, const NumberSet& changed, PageNumbers& numbers) {
  Repacked out;
  Packer packer(contents, keywords, numbers, out);
  const Uid packed_up_to = storage.chunks.empty() ? Uid(0) : storage.chunks.back().last;
  const bool behind = changed.max() > packed_up_to.value;
  for (const ChunkRef& chunk : storage.chunks) {
    const bool last = &chunk == &storage.chunks.back();
    if (last && behind && chunk.count < kChunkRows) {
      // The last chunk is extended; otherwise every checkpoint would leave a small chunk.
      out.dropped.push_back(chunk.page);
      packer.pack(chunk.first, Uid(UINT32_MAX));
    } else if (holds_any(changed, chunk.first, chunk.last)) {
      out.dropped.push_back(chunk.page);
      packer.pack(chunk.first, chunk.last);
    } else {
      out.storage.chunks.push_back(chunk);
    }
  }
  if (behind && !packer.covered().contains(UINT32_MAX))
    packer.pack(Uid(packed_up_to.value + 1), Uid(UINT32_MAX));
  out.untailed = storage.tail.intersect(packer.covered());
  out.storage.tail = storage.tail.subtract(packer.covered());
  // The packed rows already contain their effects, and their MODSEQs show it.
  out.storage.flag_changes = storage.flag_changes;
  return out;
}

namespace {

/// Returns the MODSEQ of a message's row; 0 if there is none.
ModSeq row_version(const Contents& contents, Uid uid) {
  const auto position = contents.members().position_of(uid);
  if (!position) return ModSeq(0);
  return contents.flags().at(contents.members().slot_of(*position)).modseq;
}

}  // namespace

void bring_up_to_date(Repacked& packed, const Mailbox& from, const Mailbox& now) {
  NumberSet changed;
  if (now.contents != from.contents) {
    for (const NumberSet::Range& range : packed.untailed.ranges())
      for (std::uint32_t uid = range.first; uid <= range.last; ++uid)
        if (row_version(*from.contents, Uid(uid)) != row_version(*now.contents, Uid(uid)))
          changed.add(uid);
  }
  packed.untailed = packed.untailed.subtract(changed);
  packed.storage.tail = now.storage->tail.subtract(packed.untailed);
  const auto& before = from.storage->flag_changes;
  const auto& all = now.storage->flag_changes;
  packed.storage.flag_changes.assign(all.begin() + static_cast<std::ptrdiff_t>(before.size()),
                                     all.end());
  packed.stale = {};
  for (const auto& change : packed.storage.flag_changes)
    packed.stale = packed.stale.unite(changed.intersect(change->uids));
}

}  // namespace posthorn::store
