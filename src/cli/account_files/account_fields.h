#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/account_files/account_file.h"

namespace posthorn::cli {

/// Takes the text before the next `mark`, or all of it, and the mark.
std::string_view take_field(std::string_view& rest, char mark);

/// Takes a line, without its LF or CRLF.
std::string_view take_line(std::string_view& rest);

/// Returns the name with a domain, if it has none and there is one.
std::string whole_name(std::string_view name, const AccountFileOptions& options);

/// Reads a number with an optional unit of powers of 1,024: "512M", "1GiB", "1048576". None if it
/// is not one, or too large.
std::optional<std::uint64_t> parse_octets(std::string_view text);

/// Sets what a named column of a table says. Returns false if the column has no meaning.
bool set_column(AccountEntry& entry, std::string_view column, std::string_view value,
                const AccountFileOptions& options);

/// Says in `trouble` what an entry lacks.
void judge(AccountEntry& entry);

}  // namespace posthorn::cli
