#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace posthorn::store {

/// Returns true if `name` can be a keyword: an atom (RFC 9051 §9) of at most
/// KeywordTable::kMaxLength octets. Keywords are sent to clients as they are, so anything else
/// would alter the responses that contain it.
[[nodiscard]] bool is_keyword_name(std::string_view name);

/// Makes keywords of names that an earlier version has stored without this check: what an atom
/// cannot contain becomes "_", and where that makes two names the same (case-insensitively), the
/// later one gets a number. The order, which rows refer to, stays.
void mend_keyword_names(std::vector<std::string>& names);

}  // namespace posthorn::store
