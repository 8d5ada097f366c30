#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/number_set.h"
#include "wire/imap/command/commands_mailbox.h"
#include "wire/imap/command/commands_message.h"
#include "wire/imap/response/response_code.h"
#include "wire/imap/response/writer.h"

/// Complete server responses with their line ends (RFC 9051 §7, §9). FETCH is in format_fetch.h,
/// LIST in format_list.h.
namespace posthorn::wire::imap {

enum class Condition : std::uint8_t { ok, no, bad, bye, preauth };

/// Writes `tag OK [code] text`. Control characters in `text` become spaces, and so do 8-bit octets
/// unless the dialect has UTF-8. An empty text is replaced by a word, since resp-text must not be
/// empty.
void format_tagged(Writer& w, std::string_view tag, Condition condition, const Code& code,
                   std::string_view text);
void format_untagged(Writer& w, Condition condition, const Code& code, std::string_view text);
/// Writes `+ text`. The space is always sent, because some clients require it.
void format_continuation(Writer& w, std::string_view text = {});

void format_capability(Writer& w, std::string_view names);
/// RFC 5161. Sent even if nothing was enabled.
void format_enabled(Writer& w, std::span<const std::string_view> names);
/// RFC 2971 §3.2. Empty means NIL.
void format_id(Writer& w, std::span<const std::pair<std::string_view, std::string_view>> fields);

/// `* FLAGS (...)`: the flags defined in the mailbox.
void format_flags(Writer& w, SystemFlags system, std::span<const std::string> keywords);
void format_exists(Writer& w, std::uint32_t messages);
/// RFC 3501 §7.3.2. Writes nothing in rev2.
void format_recent(Writer& w, std::uint32_t messages);
void format_expunge(Writer& w, Seqnum seqnum);
/// RFC 7162 §3.2.10. SELECT and FETCH report `earlier`. Writes nothing for an empty set.
enum class Vanished : std::uint8_t { now, earlier };
void format_vanished(Writer& w, Vanished when, const NumberSet& uids);

/// RFC 3501 §7.2.5; MODSEQ is from RFC 7162 §3.1.5. Sent even if empty.
void format_search(Writer& w, std::span<const std::uint32_t> numbers,
                   std::optional<ModSeq> highest = {});
/// RFC 5256 §4. The numbers are in sort order.
void format_sort(Writer& w, std::span<const std::uint32_t> numbers,
                 std::optional<ModSeq> highest = {});

/// The requested window and the results in it (RFC 9394).
struct SearchPartial {
  PartialRange range;
  NumberSet numbers;                         ///< Empty means NIL.
  std::span<const std::uint32_t> ordered{};  ///< Used for SORT instead of `numbers`.
};
/// RFC 4731 §3.1. Absent items are not sent.
struct EsearchResponse {
  std::string_view tag;
  /// With UIDVALIDITY, if several mailboxes are searched (RFC 7377 §2.1); else empty.
  std::string_view mailbox = {};
  UidValidity uid_validity = {};
  Numbering numbering = Numbering::seqnum;
  std::optional<std::uint32_t> min = {};
  std::optional<std::uint32_t> max = {};
  std::optional<std::uint32_t> count = {};
  /// Sent only if it is not empty.
  const NumberSet* all = nullptr;
  /// The same for SORT (RFC 5267 §3), in sort order.
  std::span<const std::uint32_t> all_ordered = {};
  std::optional<SearchPartial> partial = {};
  std::optional<ModSeq> modseq = {};  ///< RFC 7162 §3.1.10
};
/// workaround: new Outlook requires the tag to be quoted.
void format_esearch(Writer& w, const EsearchResponse& response);

/// A message of a thread forest in pre-order. Number 0 stands for a missing message.
struct ThreadItem {
  std::uint32_t number = 0;
  /// 0 begins a thread; otherwise at most one more than the previous item's.
  std::uint32_t depth = 0;
};
/// RFC 5256 §4.
void format_thread(Writer& w, std::span<const ThreadItem> items);

/// The UIDs from `high` down to `low`.
struct UidBatch {
  Uid high;
  Uid low;
};
/// RFC 10022. Sent even if there are no batches.
void format_uid_batches(Writer& w, std::string_view tag, std::span<const UidBatch> batches);

/// Values of a STATUS response, in the order they are sent. Absent values are not sent.
struct StatusValues {
  std::optional<std::uint32_t> messages;
  std::optional<std::uint32_t> recent;
  std::optional<Uid> uid_next;
  std::optional<UidValidity> uid_validity;
  std::optional<std::uint32_t> unseen;
  std::optional<std::uint32_t> deleted;
  std::optional<std::uint64_t> size;
  std::optional<ModSeq> highest_modseq;
  std::optional<std::uint64_t> append_limit;
  std::optional<std::uint64_t> deleted_storage;
  std::string_view mailbox_id;  ///< Empty means absent.
};
void format_status(Writer& w, std::string_view mailbox, const StatusValues& values);

/// RFC 9208 §4.2.
struct QuotaResource {
  std::string_view name;
  std::uint64_t usage = 0;
  std::uint64_t limit = 0;
};
void format_quota(Writer& w, std::string_view root, std::span<const QuotaResource> resources);
void format_quotaroot(Writer& w, std::string_view mailbox, std::span<const std::string_view> roots);

}  // namespace posthorn::wire::imap
