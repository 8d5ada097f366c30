#include "store/read/contents_builder.h"

namespace posthorn::store {
namespace {

bool is_same(const MailboxHead& a, const MailboxHead& b) {
  return a.uid_next == b.uid_next && a.messages == b.messages && a.unseen == b.unseen &&
         a.deleted == b.deleted && a.bytes == b.bytes && a.deleted_bytes == b.deleted_bytes;
}

}  // namespace

void ContentsBuilder::add(StoredRow row) {
  if (row.member.uid <= last_ || row.member.uid.value == UINT32_MAX) {
    ordered_ = false;
    return;
  }
  last_ = row.member.uid;
  replay_.apply(row);
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
  // A UID is never given out twice, whatever the head says.
  if (last_ >= counted_.uid_next) counted_.uid_next = Uid(last_.value + 1);
  return {.contents = std::make_shared<Contents>(std::move(editor_).finish()),
          .storage = std::make_shared<MailboxStorage>(std::move(storage)),
          .keywords = keywords_,
          .head = counted_,
          .head_differs = !is_same(counted_, stored_)};
}

}  // namespace posthorn::store
