#include <sys/statvfs.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "app/options.h"
#include "cli/doctor/checks.h"
#include "cli/sizes.h"

namespace posthorn::cli {
namespace {

constexpr std::uint64_t kGiB = 1UL << 30;

/// What should be free of a disk: a twentieth, but no more than 10 GiB.
std::uint64_t wanted_free(std::uint64_t total) { return std::min(total / 20, 10 * kGiB); }

}  // namespace

void check_disk(const Installation& installation, Findings& findings) {
  const std::string& folder = installation.config().data_dir;
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0) return;  // Found by the check of the server.
  const std::uint64_t total = std::uint64_t{disk.f_blocks} * disk.f_frsize;
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  const std::string said =
      fmt::format("{} of {} are free in {}", format_octets(free), format_octets(total), folder);
  const std::uint64_t least = app::min_free(installation.config()).of(total);
  if (free < least) {
    findings.fault(fmt::format("{}, and new mail is refused while less than {} are free "
                               "(storage.min_free)",
                               said, format_octets(least)),
                   "Make room, or move the data to a larger disk.");
  } else if (free < std::max(wanted_free(total), least / 4 * 5)) {
    findings.warning(said, fmt::format("Make room before new mail is refused, which happens at {} "
                                       "(storage.min_free).",
                                       format_octets(least)));
  } else {
    findings.ok(said);
  }
  if (disk.f_files != 0 && disk.f_favail < disk.f_files / 100)
    findings.warning(
        fmt::format("{} of {} inodes are free in {}", disk.f_favail, disk.f_files, folder),
        "Remove files that are not needed: no new ones can be made soon.");
  if ((disk.f_flag & ST_RDONLY) != 0)
    findings.fault(folder + " is on a file system that is mounted read-only",
                   "Look for errors of the disk (`dmesg`), and mount it again.");
}

void check_backups(const Installation& installation, Findings& findings) {
  constexpr const char* kHow =
      "Set up a timer for `posthorn backup DIR` (docs/backup.md; packaging/systemd has one).";
  if (!installation.last_backup) {
    findings.warning("there is no backup", kHow);
    return;
  }
  const admin::Json& last = *installation.last_backup;
  const std::string folder(admin::text_of(last, "folder"));
  const std::int64_t age =
      std::time(nullptr) - static_cast<std::int64_t>(admin::number_of(last, "taken"));
  const std::string said =
      fmt::format("the last backup was made {} ago, in {}", format_age(age), folder);
  if (age > installation.max_backup_age) {
    findings.warning(said,
                     "Look at why no other was made since (`systemctl status "
                     "posthorn-backup`).");
    return;
  }
  std::error_code error;
  if (!folder.empty() && !std::filesystem::exists(folder, error) && !error) {
    findings.warning(fmt::format("{}, which no longer exists", said), kHow);
    return;
  }
  findings.ok(said);
}

}  // namespace posthorn::cli
