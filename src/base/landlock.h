#pragma once

#include <cstdint>

#include "base/result.h"

namespace posthorn {

/// A set of rules that says which files a thread can reach (Landlock, Linux 5.13). Whatever no rule
/// permits is refused with EACCES, except what is open already. Thread: one at a time.
class Landlock {
 public:
  /// Kinds of access, as in linux/landlock.h. A kind that the kernel does not know is ignored.
  using Access = std::uint64_t;
  static const Access kReadFile;
  static const Access kReadFolder;
  static const Access kExecute;
  /// Creating, replacing and removing sockets.
  static const Access kSockets;
  /// Everything that one can do to files and folders, except executing them.
  static const Access kChange;
  /// Removing folders.
  static const Access kRemoveFolder;

  /// Returns the version of what the kernel offers; 0 if it offers nothing. From version 2 on,
  /// files can be linked and renamed from one folder into another; before, that is always refused.
  static int version();

  /// Begins a set without rules. Errors: not_supported.
  static Result<Landlock> make();
  ~Landlock();
  Landlock(Landlock&& other) noexcept;
  Landlock& operator=(Landlock&&) = delete;
  Landlock(const Landlock&) = delete;
  Landlock& operator=(const Landlock&) = delete;

  /// Permits an access to a file, or to everything below a folder. A path that does not exist needs
  /// no rule and is no error. Errors: io.
  Status permit(const char* path, Access access);

  /// Applies the rules to the calling thread and to the threads and processes that it starts
  /// afterwards, for ever. The process must have set no_new_privs. Errors: not_supported.
  Status apply();

 private:
  Landlock(int rules, Access handled) : rules_(rules), handled_(handled) {}
  int rules_;
  Access handled_;
};

}  // namespace posthorn
