#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The schemes of imported password hashes. Only the sources of this folder use this.
namespace posthorn::auth {

/// What verifying a hash takes; 0 where it does not apply.
struct HashCost {
  std::uint64_t iterations = 0;
  std::uint64_t bcrypt_cost = 0;
  std::uint64_t memory_octets = 0;
  std::uint64_t passes = 0;  ///< Over the memory.
};

struct HashScheme {
  std::string_view name;
  /// What a hash of a crypt family begins with; empty for digests.
  std::string_view prefix;
  /// Returns the stored form of a hash, none if it is malformed. `encoding` is "HEX", "B64" or
  /// empty: it has to be guessed.
  std::optional<std::string> (*read)(const HashScheme& scheme, std::string_view data,
                                     std::string_view encoding);
  bool (*verify)(const HashScheme& scheme, std::string_view data, std::string_view password);
  /// Returns none if parameters of the hash are not understood.
  std::optional<HashCost> (*cost)(const HashScheme& scheme, std::string_view data);
  /// Of digests only.
  std::string_view digest = {};  ///< OpenSSL's name.
  std::size_t digest_octets = 0;
  bool salted = false;
  /// Returns whether a hash that was read can be that of some password. What is cut short by a
  /// column that is too narrow is not. Not set: reading checks it.
  bool (*whole)(const HashScheme& scheme, std::string_view data) = nullptr;
  /// Of a crypt family: the digits after the last '$'.
  std::size_t result_digits = 0;
};

/// Returns the scheme with a name in upper case, of any spelling that Dovecot and OpenLDAP use.
/// None for CRYPT, which find_crypt_scheme() resolves.
const HashScheme* find_scheme(std::string_view name);
/// Returns the scheme that a hash of the family of crypt(3) or Argon2 names itself.
const HashScheme* find_crypt_scheme(std::string_view data);

/// Returns whether a computed value is the stored one, in constant time.
bool equal_octets(std::string_view computed, std::string_view stored);

// crypt_hash.cc: by crypt_r() of libxcrypt.
std::optional<std::string> read_crypt(const HashScheme& scheme, std::string_view data,
                                      std::string_view encoding);
bool verify_crypt(const HashScheme& scheme, std::string_view data, std::string_view password);
std::optional<HashCost> cost_of_sha_crypt(const HashScheme& scheme, std::string_view data);
std::optional<HashCost> cost_of_bcrypt(const HashScheme& scheme, std::string_view data);
std::optional<HashCost> cost_of_yescrypt(const HashScheme& scheme, std::string_view data);
std::optional<HashCost> no_cost(const HashScheme& scheme, std::string_view data);
bool is_whole_crypt(const HashScheme& scheme, std::string_view data);

// argon2_hash.cc: by libargon2.
std::optional<std::string> read_argon2(const HashScheme& scheme, std::string_view data,
                                       std::string_view encoding);
bool verify_argon2(const HashScheme& scheme, std::string_view data, std::string_view password);
std::optional<HashCost> cost_of_argon2(const HashScheme& scheme, std::string_view data);
bool is_whole_argon2(const HashScheme& scheme, std::string_view data);

// digest_hash.cc: by OpenSSL.
std::optional<std::string> read_digest(const HashScheme& scheme, std::string_view data,
                                       std::string_view encoding);
bool verify_digest(const HashScheme& scheme, std::string_view data, std::string_view password);
std::optional<std::string> read_pbkdf2(const HashScheme& scheme, std::string_view data,
                                       std::string_view encoding);
bool verify_pbkdf2(const HashScheme& scheme, std::string_view data, std::string_view password);
std::optional<HashCost> cost_of_pbkdf2(const HashScheme& scheme, std::string_view data);

/// Decodes octets in hexadecimal or base64, whose padding may be missing. None if they are neither.
std::optional<std::string> decode_octets(std::string_view text, std::string_view encoding);
/// The same for what is text itself: without an encoding, it is returned as it is.
std::optional<std::string> decode_text(std::string_view text, std::string_view encoding);
std::optional<std::string> decode_hex(std::string_view text);
/// A decimal number without a sign; none for anything else.
std::optional<std::uint64_t> decode_number(std::string_view text);

}  // namespace posthorn::auth
