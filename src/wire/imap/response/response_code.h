#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/number_set.h"
#include "wire/imap/response/writer.h"

namespace posthorn::wire::imap {

/// Response codes without arguments (RFC 9051 §7.1, RFC 5530, and the documents named).
enum class CodeName : std::uint8_t {
  alert,
  parse,
  read_only,
  read_write,
  try_create,
  uid_not_sticky,
  closed,
  unavailable,
  authentication_failed,
  authorization_failed,
  expired,
  privacy_required,
  contact_admin,
  no_perm,
  in_use,
  expunge_issued,
  corruption,
  server_bug,
  client_bug,
  cannot,
  limit,
  over_quota,
  already_exists,
  nonexistent,
  not_saved,
  has_children,
  unknown_cte,
  no_modseq,  ///< RFC 7162
  too_big,
  compression_active,     ///< RFC 4978
  use_attr,               ///< RFC 6154
  notification_overflow,  ///< RFC 5465
  uid_required,           ///< RFC 9586
  too_few,
  too_many,           ///< RFC 10022
  metadata_too_many,  ///< METADATA TOOMANY (RFC 5464)
  bad_comparator,     ///< RFC 5255 §4.9
};
std::string_view name_of(CodeName code);

namespace code {
/// BADCHARSET, with the supported charsets.
struct BadCharset {
  std::vector<std::string_view> known;
};
/// CAPABILITY: the names, separated by spaces.
struct Capability {
  std::string_view names;
};
/// PERMANENTFLAGS; `any` adds `\*`.
struct PermanentFlags {
  SystemFlags system = kAllSystemFlags;
  std::vector<std::string_view> keywords;
  bool any = true;
};
struct UidNext {
  Uid uid;
};
struct UidValidity {
  posthorn::UidValidity value;
};
/// The first unseen message (RFC 3501 §7.1).
struct Unseen {
  Seqnum first;
};
/// RFC 4315 §3.
struct AppendUid {
  posthorn::UidValidity uid_validity;
  NumberSet uids;
};
/// Source and target UIDs correspond in ascending order. With an empty set, no code is written (RFC
/// 4315 §3).
struct CopyUid {
  posthorn::UidValidity uid_validity;
  NumberSet from;
  NumberSet to;
};
/// RFC 7162 §3.1.2.1. Never 0.
struct HighestModSeq {
  ModSeq value;
};
/// RFC 7162 §3.1.3. The numbers are of the kind used in the command. With an empty set, no code is
/// written.
struct Modified {
  NumberSet numbers;
};
/// RFC 8474 §4.1.
struct MailboxId {
  std::string_view id;
};
/// RFC 9585. A tag that contains ']' is not sent. Without `progress`, the progress is unknown.
struct InProgress {
  std::string_view tag;
  std::optional<std::uint32_t> progress;
  std::optional<std::uint32_t> goal;
};
/// RFC 4469 §4.1. What a code cannot hold is escaped, and a URL that is too long is cut.
struct BadUrl {
  std::string url;
};
/// METADATA LONGENTRIES: the size of the largest value that was left out (RFC 5464 §4.2.1).
struct LongEntries {
  std::uint64_t octets = 0;
};
/// BADEVENT: the events that are supported (RFC 5465 §3.1).
struct BadEvent {
  std::vector<std::string_view> known;
};
/// RFC 5466 §3.1.
struct UndefinedFilter {
  std::string_view name;
};
/// The tag of the search whose changes are not told (RFC 5267 §4.3.1).
struct NoUpdate {
  std::string_view tag;
};
/// METADATA MAXSIZE: the largest value that would be accepted (RFC 5464 §4.3).
struct MaxSize {
  std::uint64_t octets = 0;
};
}  // namespace code

/// monostate means no code.
using Code = std::variant<std::monostate, CodeName, code::BadCharset, code::Capability,
                          code::PermanentFlags, code::UidNext, code::UidValidity, code::Unseen,
                          code::AppendUid, code::CopyUid, code::HighestModSeq, code::Modified,
                          code::MailboxId, code::InProgress, code::BadUrl, code::LongEntries,
                          code::MaxSize, code::BadEvent, code::UndefinedFilter, code::NoUpdate>;

/// Writes `[code] `, or nothing if there is no code.
void format_code(Writer& w, const Code& code);

}  // namespace posthorn::wire::imap
