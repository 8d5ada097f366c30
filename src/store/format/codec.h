#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/number_set.h"
#include "base/result.h"
#include "store/store.h"
#include "store/value/account_state.h"
#include "store/value/email.h"
#include "store/value/mailbox.h"
#include "store/value/move_out.h"

/// Encodes values as records and decodes them (docs/storage-format.md defines every byte). Errors
/// of decoding: corrupt, not_supported.
namespace posthorn::store {

/// Writes a set as the differences between the ends of its ranges.
void write_numbers(ByteWriter& w, const NumberSet& set);
/// A set that cannot be read puts the reader into its failed state.
NumberSet read_numbers(ByteReader& r);

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

/// A message in a mailbox with its flags; keywords are given as indexes.
struct StoredRow {
  Member member;
  ModSeq modseq;
  SystemFlags system = 0;
  std::vector<std::uint16_t> keywords;
};
/// Encodes a tail row. A decoded row without a value means that the message was expunged.
std::string encode_row(const StoredRow& row);
std::string encode_tombstone();
Result<std::optional<StoredRow>> decode_row(Uid uid, std::string_view record);

/// Encodes a chunk page: rows in UID order.
class RowPacker {
 public:
  void add(const Member& member, const FlagState& flags,
           const std::vector<std::uint16_t>& keywords);
  [[nodiscard]] std::uint32_t count() const { return count_; }
  /// Returns the page and resets the packer.
  std::string finish();

 private:
  std::string out_;
  std::uint32_t count_ = 0;
  StoredRow last_;
};
/// Calls `row(StoredRow&)` for each row.
template <class F>
Status unpack_rows(std::string_view page, F&& row);

/// The location of packed rows of a mailbox.
struct ChunkRef {
  PageNumber page;
  Uid first;
  Uid last;
  std::uint32_t count = 0;
  friend bool operator==(const ChunkRef&, const ChunkRef&) = default;
};
std::string encode_chunks(const std::vector<ChunkRef>& chunks);
Result<std::vector<ChunkRef>> decode_chunks(std::string_view record);

/// Encodes a move that has begun. Its id is in the row's key.
std::string encode_move_out(const MoveOut& move);
Result<MoveOut> decode_move_out(Seq id, std::string_view record);

std::string encode_body_list(const BodyList& list);
Result<BodyList> decode_body_list(std::string_view column);
/// The octets of a body that is in the column. Requires: `list.inside` is not empty. Errors:
/// corrupt, not_supported.
Result<std::string> unseal_inside(const BodyList& list);

/// Encodes a page for one message, compressed.
std::string encode_email_page(const EmailRecord& record);
/// Encodes a row for a message until a checkpoint packs it; not compressed.
void append_email_row(std::string& out, const EmailRecord& record);
/// Decodes either form.
Result<EmailRecord> decode_email(std::string_view record);

/// The pages of one group of packed messages, one per column.
struct GroupRef {
  Ordinal first;
  Ordinal last;
  std::array<PageNumber, 4> pages;  ///< In this order: keys, structure, header, body.
};
std::string encode_group(const GroupRef& group);
Result<GroupRef> decode_group(Ordinal first, std::string_view record);

/// The effect of one change on the messages of one mailbox, in enough detail to report it and to
/// undo it.
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
/// A journal row contains or names the record (paged_record.h).
std::string encode_journal(const JournalRecord& journal);
Result<JournalRecord> decode_journal(std::string_view record);

/// What is kept of a deleted mailbox, so that it can be brought back with its messages.
struct DeletedMailbox {
  std::string name;
  SpecialUses special_use = 0;
  /// The names of the keywords that its journal gives as indexes. Empty if they would take more
  /// than kMaxKeywordOctets.
  std::vector<std::string> keywords;
  /// Older records do not say it, and count as subscribed.
  bool subscribed = true;
  static constexpr std::size_t kMaxKeywordOctets = 20'000;
};

/// The effect of one change on the account.
struct LogRecord {
  struct Entry {
    MailboxId mailbox;
    std::uint32_t first_appended = 0;  ///< A UID; 0: no message was appended.
    std::uint32_t last_appended = 0;
    bool journal = false;     ///< There is a JournalRecord.
    PageNumber journal_page;  ///< If not 0, the record is in this page instead of a row.
    bool deleted = false;     ///< The change deleted the mailbox.
    /// Only if `deleted`, and not in records of older versions.
    std::optional<DeletedMailbox> was = {};
  };
  std::int64_t time = 0;
  std::vector<Entry> entries;
  std::vector<Ordinal> released;  ///< Messages that this change removed from the outbox.
  std::vector<MailboxId> created;
  struct Renamed {
    MailboxId mailbox;
    std::string was;  ///< The name before the change.
  };
  /// The mailboxes that the change renamed. Older records have none.
  std::vector<Renamed> renamed;
  /// More mailboxes were created or renamed than a row has room for; the others are not told of.
  bool names_cut = false;
  static constexpr std::size_t kMaxNameOctets = 16'000;
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
