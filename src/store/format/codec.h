#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/number_set.h"
#include "base/result.h"
#include "store/store.h"
#include "store/value/account_state.h"
#include "store/value/email.h"
#include "store/value/mailbox.h"

/// Records to values and back (docs/storage-format.md gives every byte). Decoding errors are
/// corrupt or not_supported.
namespace posthorn::store {

std::string encode_counters(const AccountCounters& counters);
Result<AccountCounters> decode_counters(std::string_view record);

std::string encode_head(const MailboxHead& head, std::uint32_t tail_rows);
struct StoredHead {
  MailboxHead head;
  std::uint32_t tail_rows = 0;
};
Result<StoredHead> decode_head(std::string_view record);

struct StoredName {
  std::string name;
  SpecialUses special_use = 0;
};
std::string encode_name(const StoredName& name);
Result<StoredName> decode_name(std::string_view record);

std::string encode_keywords(const std::vector<std::string>& names);
Result<std::vector<std::string>> decode_keywords(std::string_view record);

std::string encode_profile(const AccountProfile& profile);
Result<AccountProfile> decode_profile(std::string_view record);

/// A message in a mailbox with its flags, keywords as indexes.
struct StoredRow {
  Member member;
  ModSeq modseq;
  SystemFlags system = 0;
  std::vector<std::uint16_t> keywords;
};
/// A tail row. Nothing decodes to none: the message was expunged.
std::string encode_row(const StoredRow& row);
std::string encode_tombstone();
Result<std::optional<StoredRow>> decode_row(Uid uid, std::string_view record);

/// A chunk page: rows in UID order.
class RowPacker {
 public:
  void add(const Member& member, const FlagState& flags,
           const std::vector<std::uint16_t>& keywords);
  [[nodiscard]] std::uint32_t count() const { return count_; }
  /// The page; starts anew.
  std::string finish();

 private:
  std::string out_;
  std::uint32_t count_ = 0;
  StoredRow last_;
};
/// Calls `row(StoredRow&)` for each.
template <class F>
Status unpack_rows(std::string_view page, F&& row);

/// Where a mailbox's packed rows are.
struct ChunkRef {
  PageNumber page;
  Uid first;
  Uid last;
  std::uint32_t count = 0;
  friend bool operator==(const ChunkRef&, const ChunkRef&) = default;
};
std::string encode_chunks(const std::vector<ChunkRef>& chunks);
Result<std::vector<ChunkRef>> decode_chunks(std::string_view record);

std::string encode_body_list(const BodyList& list);
Result<BodyList> decode_body_list(std::string_view column);

/// As a page of its own, compressed.
std::string encode_email_page(const EmailRecord& record);
/// As it lies in a row until the next checkpoint packs it: not compressed.
void append_email_row(std::string& out, const EmailRecord& record);
/// Either of them.
Result<EmailRecord> decode_email(std::string_view record);

/// Pages of one group of packed messages, one a column.
struct GroupRef {
  Ordinal first;
  Ordinal last;
  std::array<PageNumber, 4> pages;  ///< keys, structure, header, body.
};
std::string encode_group(const GroupRef& group);
Result<GroupRef> decode_group(Ordinal first, std::string_view record);

/// What one change did to the messages of one mailbox, so that it can be told and undone.
struct JournalRecord {
  struct FlagDelta {
    SystemFlags added = 0;
    SystemFlags removed = 0;
    std::vector<std::uint16_t> keywords_added;
    std::vector<std::uint16_t> keywords_removed;
    NumberSet uids;
  };
  std::vector<FlagDelta> flags;
  std::vector<StoredRow> expunged;
};
std::string encode_journal(const JournalRecord& journal);
Result<JournalRecord> decode_journal(std::string_view record);
/// From a journal row, whose record may lie in a page. May block.
Result<JournalRecord> read_journal(engine::Engine& engine, const PartitionId& partition,
                                   std::string_view row);

/// What one change did to the account.
struct LogRecord {
  struct Entry {
    MailboxId mailbox;
    std::uint32_t first_appended = 0;  ///< UIDs; 0 for none.
    std::uint32_t last_appended = 0;
    bool journal = false;     ///< There is a JournalRecord.
    PageNumber journal_page;  ///< Not 0: it lies in this page, not in a row.
    bool deleted = false;     ///< The mailbox went with it.
  };
  std::int64_t time = 0;
  std::vector<Entry> entries;
  std::vector<Ordinal> released;  ///< Messages that were in the outbox and no longer are.
};
std::string encode_log(const LogRecord& log);
Result<LogRecord> decode_log(std::string_view record);

namespace detail {
Status unpack_rows(std::string_view page, const std::function<void(const StoredRow&)>& row);
}
template <class F>
Status unpack_rows(std::string_view page, F&& row) {
  return detail::unpack_rows(page, std::forward<F>(row));
}

}  // namespace posthorn::store
