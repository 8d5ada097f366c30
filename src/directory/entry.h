#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "auth/credentials.h"
#include "auth/password/foreign_hash.h"
#include "auth/secret.h"

namespace posthorn::directory {

/// No password is accepted.
struct NoPassword {};
/// The directory checks passwords itself.
struct CheckedThere {};
using Password =
    std::variant<NoPassword, CheckedThere, auth::Secret, auth::ScramKeys, auth::ForeignHash>;

/// What a directory says of a user. Immutable once it is shared.
struct Entry {
  std::string name;    ///< The name of the account, in lower case.
  std::string handle;  ///< What the directory itself calls the entry: a DN, or the name.
  bool enabled = true;
  std::optional<std::uint64_t> quota;  ///< Octets; 0: no limit. None: the directory does not say.
  /// In lower case, sorted. None: the directory does not say.
  std::optional<std::vector<std::string>> groups;
  Password password;
};
using EntryPtr = std::shared_ptr<const Entry>;

/// A name that a directory is asked for, in lower case.
struct Asked {
  explicit Asked(std::string whole);

  std::string name;  ///< All of it: "ann@example.org".
  std::string
      user;  ///< Before the last '@': "ann". Empty for the rest of a domain: "@example.org".
  std::string domain;  ///< After it: "example.org". Empty if there is no '@'.
};

}  // namespace posthorn::directory
