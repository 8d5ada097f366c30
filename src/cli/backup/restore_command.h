#pragma once

#include <string>

#include "cli/backup/restore_plan.h"
#include "cli/program.h"

/// The parts of `posthorn restore`.
namespace posthorn::cli {

struct RestoreOptions {
  std::string folder;  ///< With `as_of`: the account.
  std::string name;    ///< Of a backup; empty: the newest.
  RestoreQuery query;
  std::string since;  ///< RestoreQuery::since, as it was given: a day. Empty: any.
  std::string before;
  std::string as_of;  ///< A time or an age; empty: restores from a backup.
  std::string scratch;
  bool dry_run = false;
  bool json = false;
};

/// Restores everything into the empty data directory.
int restore_server(const Program& program, const RestoreOptions& options);
/// Restores messages of one account, on a running server or not.
int restore_account(const Program& program, const RestoreOptions& options);
/// Undoes what happened to an account since some time, on a running server or not.
int restore_as_of(const Program& program, const RestoreOptions& options);

}  // namespace posthorn::cli
