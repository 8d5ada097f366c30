#include "base/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace posthorn {
namespace {

// What the first version knows, and what later ones added. Debian's headers do not name them all.
constexpr Landlock::Access kVersion1 = (Landlock::Access{1} << 13) - 1;
constexpr Landlock::Access kRefer = Landlock::Access{1} << 13;     // Version 2.
constexpr Landlock::Access kTruncate = Landlock::Access{1} << 14;  // Version 3.
/// What can be permitted for a file that is no folder.
constexpr Landlock::Access kOfFiles = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                      LANDLOCK_ACCESS_FS_EXECUTE | kTruncate;

std::unexpected<Error> missing(int error) {
  return fail(ErrorKind::not_supported, fmt::format("Landlock cannot be used ({})", error));
}

}  // namespace

const Landlock::Access Landlock::kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
const Landlock::Access Landlock::kReadFolder = LANDLOCK_ACCESS_FS_READ_DIR;
const Landlock::Access Landlock::kExecute = LANDLOCK_ACCESS_FS_EXECUTE;
const Landlock::Access Landlock::kSockets =
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE;
const Landlock::Access Landlock::kChange =
    ((kVersion1 | kRefer | kTruncate) & ~Access{LANDLOCK_ACCESS_FS_EXECUTE});
const Landlock::Access Landlock::kRemoveFolder = LANDLOCK_ACCESS_FS_REMOVE_DIR;

int Landlock::version() {
  const long version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 1 ? 0 : static_cast<int>(version);
}

Result<Landlock> Landlock::make() {
  const int known = version();
  if (known == 0) return missing(errno);
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = kVersion1;
  if (known >= 2) handled.handled_access_fs |= kRefer;
  if (known >= 3) handled.handled_access_fs |= kTruncate;
  const auto rules =
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0));
  if (rules < 0) return missing(errno);
  return Landlock(rules, handled.handled_access_fs);
}

Landlock::~Landlock() {
  if (rules_ >= 0) close(rules_);
}

Landlock::Landlock(Landlock&& other) noexcept
    : rules_(std::exchange(other.rules_, -1)), handled_(other.handled_) {}

Status Landlock::permit(const char* path, Access access) {
  const int place = open(path, O_PATH | O_CLOEXEC);
  if (place < 0 && errno == ENOENT) return {};
  struct stat is{};
  bool done = place >= 0 && fstat(place, &is) == 0;
  if (done) {
    landlock_path_beneath_attr rule{};
    rule.allowed_access = access & handled_;
    if (!S_ISDIR(is.st_mode)) rule.allowed_access &= kOfFiles;
    rule.parent_fd = place;
    done = syscall(SYS_landlock_add_rule, rules_, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
  }
  const int error = errno;
  if (place >= 0) close(place);
  if (!done) return fail(ErrorKind::io, fmt::format("{} cannot be permitted ({})", path, error));
  return {};
}

Status Landlock::apply() {
  if (syscall(SYS_landlock_restrict_self, rules_, 0) != 0) return missing(errno);
  return {};
}

}  // namespace posthorn
