#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/secret.h"
#include "base/result.h"
#include "directory/entry.h"

namespace posthorn::directory {

/// A connection to a directory, which is made when it is first needed. Its functions block, but not
/// much longer than the time limit that it was created with. Thread: any, one at a time.
///
/// Errors of all functions: unavailable, if the directory cannot be asked, after which the
/// connection is not used again; corrupt, if what it says of this user cannot be used. The text
/// names the entry, and never contains a password or a hash.
class Link {
 public:
  virtual ~Link() = default;
  /// Finds the user who logs in with a name or receives mail under it; none if there is none.
  virtual Result<std::optional<Entry>> find_user(const Asked& asked) = 0;
  /// Returns the addresses an alias leads to; none if there is no such alias. `asked.user` may be
  /// empty: the alias for all other addresses of a domain.
  virtual Result<std::vector<std::string>> find_alias(const Asked& asked) = 0;
  /// Returns whether a domain, in lower case, is one of the directory's.
  virtual Result<bool> has_domain(const std::string& domain) = 0;
  /// Checks the password of somebody whose entry says CheckedThere. `password` is not empty.
  virtual Result<bool> verify(const Entry& entry, const auth::Secret& password) = 0;
};
using LinkPtr = std::unique_ptr<Link>;

}  // namespace posthorn::directory
