#pragma once

#include <string_view>

namespace posthorn::service {

/// Returns whether two header blocks can belong to the same message, once submitted by a client and
/// once appended by it to \Sent. A field that both contain must have the same meaning, however it
/// is folded or encoded; the order of fields does not matter. A client's own copy usually has
/// additional fields (Bcc, private notes) or lacks some (those the server adds), so most fields may
/// be missing in one header. Only the recipients, the subject and the fields that say how to read
/// the body must be in both or in neither. Different Message-IDs are no difference here: compare
/// those of the digests. If they are equal, the Date may differ.
bool is_header_of_same_message(std::string_view one, std::string_view other);

}  // namespace posthorn::service
