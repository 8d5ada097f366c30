#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace posthorn::cli {

/// A user as another server's file has it.
struct AccountEntry {
  std::size_t line = 0;  ///< Where it begins, or its number in a list; from 1.
  std::string name = {};
  std::string password = {};    ///< With its scheme; never empty unless `trouble` is set.
  std::string scheme = {};      ///< Of a password without one.
  std::uint64_t max_bytes = 0;  ///< 0: none is given.
  std::uint64_t max_messages = 0;
  /// Why the entry cannot be imported; empty if it can.
  std::string trouble = {};
};

struct AccountList {
  std::vector<AccountEntry> entries;
  std::size_t left_out = 0;      ///< Users of the system, who have no password.
  std::set<std::string> unused;  ///< Names of fields that mean something and were not taken.
};

enum class AccountFormat : std::uint8_t {
  dovecot,  ///< A passwd-file: name:password:uid:gid:gecos:home:shell:extra fields.
  shadow,   ///< /etc/shadow. Users without a password are left out.
  ldif,     ///< RFC 2849, with the attributes mail (or uid) and userPassword.
  csv,      ///< RFC 4180; the first line names the columns.
  json,     ///< A list of objects, or one object per line.
};

struct AccountFileOptions {
  std::string domain = {};       ///< For names without one.
  std::string scheme = "CRYPT";  ///< Of passwords without one.
};

/// Reads a file. An entry that cannot be imported says why; the rest is read all the same. Errors:
/// bad_argument if the file as a whole is not of this format.
Result<AccountList> read_accounts(std::string_view text, AccountFormat format,
                                  const AccountFileOptions& options);

// One function for each format, used by read_accounts().
AccountList read_dovecot(std::string_view text, const AccountFileOptions& options);
AccountList read_shadow(std::string_view text, const AccountFileOptions& options);
AccountList read_ldif(std::string_view text, const AccountFileOptions& options);
Result<AccountList> read_csv(std::string_view text, const AccountFileOptions& options);
Result<AccountList> read_json(std::string_view text, const AccountFileOptions& options);

}  // namespace posthorn::cli
