#include "search/key_rows.h"

#include <algorithm>
#include <vector>

namespace posthorn::search {

void for_each_keys(const store::AccountPtr& account, const store::Mailbox& mailbox,
                   std::span<const std::uint32_t> positions, store::Columns columns, Work& work,
                   const std::function<void(const KeyRow&)>& row, store::Unreadable* unreadable) {
  constexpr std::size_t kBatch = 256;
  constexpr std::uint64_t kStepsPerRow = 50;
  store::EmailReader reader(account);
  std::vector<store::Member> members;
  std::vector<Ordinal> ordinals;
  store::MemberCursor cursor(mailbox.contents->members());
  for (std::size_t first = 0; first < positions.size(); first += kBatch) {
    const std::size_t end = std::min(positions.size(), first + kBatch);
    members.clear();
    ordinals.clear();
    for (std::size_t i = first; i < end; ++i) {
      members.push_back(cursor.at(positions[i]));
      ordinals.push_back(members.back().ordinal);
    }
    if (work.is_over()) return;
    reader.load_blocking(ordinals, columns);
    for (std::size_t i = first; i < end; ++i) {
      // The digests are in memory but usually not in the processor's caches.
      constexpr std::size_t kAhead = 4;
      if (i + kAhead < end)
        if (const auto next = reader.get(ordinals[i + kAhead - first], store::Column::keys))
          for (std::size_t at = 0; at < std::min<std::size_t>(next->size(), 320); at += 64)
            __builtin_prefetch(next->data() + at);
      const auto bytes = reader.get(ordinals[i - first], store::Column::keys);
      work.add(kStepsPerRow + (bytes ? bytes->size() : 0));
      if (!bytes && unreadable != nullptr) unreadable->add(members[i - first].uid, bytes.error());
      const message::KeysView keys(bytes ? *bytes : std::string_view{});
      KeyRow one{i, members[i - first], keys, {}};
      if ((columns & bit(store::Column::header)) != 0) {
        const auto header = reader.get(ordinals[i - first], store::Column::header);
        if (header) one.header = *header;
        work.add(one.header.size());
        if (bytes && !header && unreadable != nullptr)
          unreadable->add(one.member.uid, header.error());
      }
      row(one);
    }
  }
}

std::int64_t sent_seconds(const store::Member& member, const message::KeysView& keys) {
  return keys.has_sent() ? keys.sent().seconds : member.internal_date.seconds;
}

}  // namespace posthorn::search
