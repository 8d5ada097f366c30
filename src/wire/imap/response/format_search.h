#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/ids.h"
#include "wire/imap/response/writer.h"

/// Parts that several ESEARCH responses share.
namespace posthorn::wire::imap {

/// `ESEARCH (TAG "a1")`, with MAILBOX and UIDVALIDITY unless the name is empty (RFC 4466 §3, RFC
/// 7377 §2.1).
void format_correlator(Writer& w, std::string_view tag, std::string_view mailbox,
                       UidValidity uid_validity);
/// A set whose order matters (RFC 5267 §3.2). Clients read a range in ascending order, so only
/// ascending runs of consecutive numbers become ranges. Requires: not empty.
void format_ordered_set(Writer& w, std::span<const std::uint32_t> numbers);

}  // namespace posthorn::wire::imap
