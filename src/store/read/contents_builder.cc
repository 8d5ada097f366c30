#include "store/read/contents_builder.h"

#include <fmt/core.h>

#include <algorithm>

namespace posthorn::store {
namespace {

bool is_same(const MailboxHead& a, const MailboxHead& b) {
  return a.uid_next == b.uid_next && a.messages == b.messages && a.unseen == b.unseen &&
         a.deleted == b.deleted && a.bytes == b.bytes && a.deleted_bytes == b.deleted_bytes;
}

/// Adds names for keywords of the row whose names are lost.
void name_keywords(KeywordTable& table, StoredRow& row) {
  const auto unnamed = [&](std::uint16_t k) { return k >= table.names().size(); };
  while (std::ranges::any_of(row.keywords, unnamed))
    if (!table.intern_name(fmt::format("recovered-{}", table.names().size()))) break;
  std::erase_if(row.keywords, unnamed);
}

}  // namespace

void ContentsBuilder::add(StoredRow row) {
  if (row.member.uid <= last_ || row.member.uid.value == UINT32_MAX) {
    ordered_ = false;
    return;
  }
  last_ = row.member.uid;
  replay_.apply(row);
  if (trust_ == Trust::salvaged) name_keywords(*keywords_, row);
  // After the replay, which compares MODSEQs with the stored ones.
  row.modseq = std::max(row.modseq, floor_);
  const std::uint32_t set = row.keywords.empty() ? 0 : keywords_->intern_set(row.keywords);
  editor_.append(row.member, {row.modseq, row.system, set});
  ++counted_.messages;
  counted_.bytes += row.member.size;
  if ((row.system & bit(SystemFlag::seen)) == 0) ++counted_.unseen;
  if ((row.system & bit(SystemFlag::deleted)) != 0) {
    ++counted_.deleted;
    counted_.deleted_bytes += row.member.size;
  }
}

LoadedContents ContentsBuilder::finish(MailboxStorage storage) && {
  // A UID is never assigned twice, whatever the head says.
  if (last_ >= counted_.uid_next) counted_.uid_next = Uid(last_.value + 1);
  return {.contents = std::make_shared<Contents>(std::move(editor_).finish()),
          .storage = std::make_shared<MailboxStorage>(std::move(storage)),
          .keywords = keywords_,
          .head = counted_,
          .head_differs = !is_same(counted_, stored_)};
}

}  // namespace posthorn::store
