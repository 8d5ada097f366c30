#pragma once

#include "cli/command_line.h"
#include "cli/program.h"

namespace posthorn::cli {

// Parts of `posthorn account` that have files of their own.
void add_account_capabilities(Command account, Program& program);
void add_account_hold(Command account, Program& program);
void add_account_import(Command account, Program& program);
void add_account_logins(Command account, Program& program);

/// Converts the age of a time that lies ahead ("90d") to seconds since 1970; 0 for empty text.
/// Errors: bad_argument.
Result<std::int64_t> time_ahead(const std::string& duration);

}  // namespace posthorn::cli
