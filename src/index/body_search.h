#pragma once

#include <string_view>

#include "base/result.h"
#include "store/account.h"
#include "text/finder.h"

namespace posthorn::index {

/// Whether the decoded text of any text part holds the needle (RFC 9051 §6.4.4 BODY). `structure`
/// and `body` are the message's columns. May block. Errors: not_found, corrupt, io.
Result<bool> body_contains(const store::AccountPtr& account, std::string_view structure,
                           std::string_view body, const text::Finder& finder);

/// Whether the decoded header fields hold it: each line "Name: value" (RFC 9051 §6.4.4 TEXT).
bool header_contains(std::string_view header, const text::Finder& finder);

}  // namespace posthorn::index
