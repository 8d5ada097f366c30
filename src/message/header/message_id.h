#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace posthorn::message {

/// Returns the normalised message ids of a Message-ID, References or In-Reply-To field: without
/// angle brackets, quoting, comments and white space (RFC 5256 §3, THREAD=REFERENCES), with their
/// case unchanged. Text that is not "<left@right>" is skipped. Of more than `limit` ids, the first
/// and the last ones are kept.
std::vector<std::string> parse_message_id_list(std::string_view raw, std::size_t limit = 200);

/// Returns the first valid id, or an empty string.
std::string parse_message_id(std::string_view raw);

/// Returns the ids of References, or else the first one of In-Reply-To (RFC 5256 §3).
std::vector<std::string> thread_references(std::string_view references,
                                           std::string_view in_reply_to);

}  // namespace posthorn::message
