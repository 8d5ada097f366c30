#pragma once

#include <string>

#include "cli/program.h"

/// The parts of `posthorn backup`.
namespace posthorn::cli {

struct BackupOptions {
  std::string folder;
  std::string name;           ///< Of a backup; empty: the newest.
  std::uint64_t rate = 0;     ///< Octets per second; 0: no limit.
  bool without_keys = false;  ///< Leaves out the configuration and the keys.
  std::string scratch;
  bool all = false;
  bool checksums_only = false;
  std::uint64_t keep_last = 0;
  std::uint64_t keep_daily = 0;
  std::uint64_t keep_weekly = 0;
  std::uint64_t keep_monthly = 0;
  bool dry_run = false;
  bool json = false;
};

int take_backup(const Program& program, const BackupOptions& options);
int list_backups(const BackupOptions& options);
int prune_backups(const BackupOptions& options);
int verify_backup(const Program& program, const BackupOptions& options);

}  // namespace posthorn::cli
