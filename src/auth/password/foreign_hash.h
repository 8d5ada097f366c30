#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::auth {

struct HashScheme;

/// What verifying a password against one hash may cost.
struct HashLimits {
  std::uint64_t iterations = 1'000'000;        ///< Of SHA-crypt and PBKDF2.
  std::uint64_t bcrypt_cost = 14;              ///< The logarithm of the number of rounds.
  std::uint64_t memory_octets = 256ULL << 20;  ///< Of Argon2 and yescrypt.
};

/// A password hash made by another program, with the name of its scheme as Dovecot spells it.
class ForeignHash {
 public:
  /// Reads "{SCHEME}hash" or a hash alone, which then is of `default_scheme`. CRYPT stands for
  /// every scheme that a hash names itself ("$6$...", "$argon2id$..."). A digest may be in
  /// hexadecimal or base64; "{SCHEME.HEX}" and "{SCHEME.B64}" say which. Errors: not_supported for
  /// a scheme that cannot be verified here; bad_argument for a malformed hash. They do not contain
  /// the hash.
  static Result<ForeignHash> parse(std::string_view text,
                                   std::string_view default_scheme = "CRYPT");

  /// E.g. "SHA512-CRYPT".
  [[nodiscard]] std::string_view scheme() const;
  /// "{SCHEME}hash" in the one form that is stored; parse() accepts it.
  [[nodiscard]] std::string text() const;
  /// The scheme and the parameters that decide how long verifying takes, e.g. "BLF-CRYPT 12".
  [[nodiscard]] std::string cost() const;
  /// Returns an error if no password can have this hash, because a part of it is missing or is
  /// nothing that its scheme knows. Checked where a hash comes from outside; one that is stored was
  /// checked. Errors: bad_argument.
  [[nodiscard]] Status check_whole() const;
  /// Returns an error that names the exceeded limit. Errors: limit.
  [[nodiscard]] Status check_cost(const HashLimits& limits) const;

  /// Returns whether the hash was made from this password. The comparison takes constant time.
  /// Takes as long as the hash was made to take, up to seconds: do not call on a network thread.
  [[nodiscard]] bool verify(std::string_view password) const;

  friend bool operator==(const ForeignHash&, const ForeignHash&) = default;

 private:
  ForeignHash(const HashScheme& scheme, std::string data)
      : scheme_(&scheme), data_(std::move(data)) {}

  const HashScheme* scheme_;  ///< A row of the table in schemes.cc.
  std::string data_;          ///< What follows the scheme.
};

/// Splits "{SCHEME.ENCODING}data". `scheme` and `encoding` are in upper case; empty if missing.
struct TaggedHash {
  std::string scheme;
  std::string encoding;
  std::string_view data;
};
TaggedHash split_tag(std::string_view text);

}  // namespace posthorn::auth
