#include "auth/password/schemes.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "text/ascii.h"
#include "text/base64.h"

namespace posthorn::auth {
namespace {

constexpr HashScheme crypt(std::string_view name, std::string_view prefix,
                           std::optional<HashCost> (*cost)(const HashScheme&, std::string_view),
                           std::size_t result_digits) {
  return {.name = name,
          .prefix = prefix,
          .read = read_crypt,
          .verify = verify_crypt,
          .cost = cost,
          .whole = is_whole_crypt,
          .result_digits = result_digits};
}

constexpr HashScheme argon2(std::string_view name, std::string_view prefix) {
  return {.name = name,
          .prefix = prefix,
          .read = read_argon2,
          .verify = verify_argon2,
          .cost = cost_of_argon2,
          .whole = is_whole_argon2};
}

constexpr HashScheme digest(std::string_view name, std::string_view openssl, std::size_t octets,
                            bool salted) {
  return {name, "", read_digest, verify_digest, no_cost, openssl, octets, salted};
}

constexpr std::array kSchemes = {
    crypt("SHA512-CRYPT", "$6$", cost_of_sha_crypt, 86),
    crypt("SHA256-CRYPT", "$5$", cost_of_sha_crypt, 43),
    // The three letters name versions of one function.
    crypt("BLF-CRYPT", "$2", cost_of_bcrypt, 53),
    crypt("YESCRYPT", "$y$", cost_of_yescrypt, 43),
    crypt("GOST-YESCRYPT", "$gy$", cost_of_yescrypt, 43),
    crypt("MD5-CRYPT", "$1$", no_cost, 22),
    crypt("DES-CRYPT", "", no_cost, 13),
    argon2("ARGON2I", "$argon2i$"),
    argon2("ARGON2ID", "$argon2id$"),
    HashScheme{"PBKDF2", "", read_pbkdf2, verify_pbkdf2, cost_of_pbkdf2},
    digest("SSHA", "SHA1", 20, true),
    digest("SSHA256", "SHA256", 32, true),
    digest("SSHA512", "SHA512", 64, true),
    digest("SHA", "SHA1", 20, false),
    digest("SHA256", "SHA256", 32, false),
    digest("SHA512", "SHA512", 64, false),
    digest("SMD5", "MD5", 16, true),
    digest("PLAIN-MD5", "MD5", 16, false),
};

struct OtherName {
  std::string_view name;
  std::string_view of;
};
constexpr std::array kOtherNames = {
    OtherName{"SHA1", "SHA"},
    OtherName{"LDAP-MD5", "PLAIN-MD5"},
    OtherName{"BCRYPT", "BLF-CRYPT"},
    OtherName{"ARGON2", "ARGON2ID"},
};

}  // namespace

const HashScheme* find_scheme(std::string_view name) {
  for (const OtherName& other : kOtherNames)
    if (other.name == name) name = other.of;
  const auto* const found = std::ranges::find(kSchemes, name, &HashScheme::name);
  return found == kSchemes.end() ? nullptr : found;
}

const HashScheme* find_crypt_scheme(std::string_view data) {
  if (!data.starts_with('$')) return find_scheme("DES-CRYPT");
  for (const HashScheme& scheme : kSchemes)
    if (!scheme.prefix.empty() && data.starts_with(scheme.prefix)) return &scheme;
  return nullptr;
}

bool equal_octets(std::string_view computed, std::string_view stored) {
  return computed.size() == stored.size() &&
         CRYPTO_memcmp(computed.data(), stored.data(), stored.size()) == 0;
}

std::optional<std::string> decode_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = text::hex_value(text[i]);
    const int low = text::hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

std::optional<std::string> decode_octets(std::string_view text, std::string_view encoding) {
  if (encoding == "HEX") return decode_hex(text);
  std::string padded(text);
  while (padded.size() % 4 != 0) padded += '=';
  return text::base64_decode(padded);
}

std::optional<std::string> decode_text(std::string_view text, std::string_view encoding) {
  return encoding.empty() ? std::string(text) : decode_octets(text, encoding);
}

std::optional<std::uint64_t> decode_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || at != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace posthorn::auth
