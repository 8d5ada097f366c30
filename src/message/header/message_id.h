#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace posthorn::message {

/// The message ids of a Message-ID, References or In-Reply-To field, normalised: without angle
/// brackets, quoting, comments and blanks (RFC 5256 §3, THREAD=REFERENCES), case kept. What
/// is not "<left@right>" is skipped. At most `limit` ids; of more, the first and the last ones.
std::vector<std::string> parse_message_id_list(std::string_view raw, std::size_t limit = 200);

/// The first valid id, or empty.
std::string parse_message_id(std::string_view raw);

/// RFC 5256 §3: the ids of References, else the first one of In-Reply-To.
std::vector<std::string> thread_references(std::string_view references,
                                           std::string_view in_reply_to);

}  // namespace posthorn::message
