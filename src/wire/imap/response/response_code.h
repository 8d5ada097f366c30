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

/// A response code without arguments (RFC 9051 §7.1; RFC 5530 and those named).
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
  bad_url,                ///< RFC 4469
  compression_active,     ///< RFC 4978
  use_attr,               ///< RFC 6154
  no_update,              ///< RFC 5267
  notification_overflow,  ///< RFC 5465
  uid_required,           ///< RFC 9586
};
std::string_view name_of(CodeName code);

namespace code {
/// BADCHARSET, with the charsets that are known.
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
/// RFC 3501 §7.1: the first unseen message.
struct Unseen {
  Seqnum first;
};
/// RFC 4315 §3.
struct AppendUid {
  posthorn::UidValidity uid_validity;
  NumberSet uids;
};
/// Source and target correspond in ascending order. With an empty set there is no code: RFC 4315
/// §3.
struct CopyUid {
  posthorn::UidValidity uid_validity;
  NumberSet from;
  NumberSet to;
};
/// RFC 7162 §3.1.2.1. Never 0.
struct HighestModSeq {
  ModSeq value;
};
/// RFC 7162 §3.1.3; numbers as the command had them. With an empty set there is no code.
struct Modified {
  NumberSet numbers;
};
/// RFC 8474 §4.1.
struct MailboxId {
  std::string_view id;
};
/// RFC 9585. A tag with ']' is not sent; without `progress` nothing is known.
struct InProgress {
  std::string_view tag;
  std::optional<std::uint32_t> progress;
  std::optional<std::uint32_t> goal;
};
}  // namespace code

/// monostate is no code.
using Code =
    std::variant<std::monostate, CodeName, code::BadCharset, code::Capability, code::PermanentFlags,
                 code::UidNext, code::UidValidity, code::Unseen, code::AppendUid, code::CopyUid,
                 code::HighestModSeq, code::Modified, code::MailboxId, code::InProgress>;

/// `[code] `, or nothing if there is none.
void format_code(Writer& w, const Code& code);

}  // namespace posthorn::wire::imap
