#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "auth/password/schemes.h"
#include "text/base64.h"

namespace posthorn::auth {
namespace {

constexpr std::size_t kMaxSaltOctets = 256;
constexpr std::size_t kSha1Octets = 20;

/// The digest of a password followed by a salt. None if this build of OpenSSL refuses the digest.
std::optional<std::string> digest_of(std::string_view digest, std::string_view password,
                                     std::string_view salt) {
  const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> md(
      EVP_MD_fetch(nullptr, std::string(digest).c_str(), nullptr), &EVP_MD_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (md == nullptr || context == nullptr ||
      EVP_DigestInit_ex2(context.get(), md.get(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), password.data(), password.size()) != 1 ||
      EVP_DigestUpdate(context.get(), salt.data(), salt.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size) != 1)
    return std::nullopt;
  out.resize(size);
  return out;
}

struct Pbkdf2 {
  std::string_view salt;
  std::uint64_t iterations = 0;
  std::string hash;
};

/// Dovecot's form: "$1$" salt "$" iterations "$" 20 octets in hexadecimal.
std::optional<Pbkdf2> parse_pbkdf2(std::string_view data) {
  constexpr std::string_view kVersion = "$1$";
  if (!data.starts_with(kVersion)) return std::nullopt;
  data.remove_prefix(kVersion.size());
  const std::size_t first = data.find('$');
  const std::size_t second = first == std::string_view::npos ? first : data.find('$', first + 1);
  if (second == std::string_view::npos || first > kMaxSaltOctets) return std::nullopt;
  const auto iterations = decode_number(data.substr(first + 1, second - first - 1));
  auto hash = decode_hex(data.substr(second + 1));
  if (!iterations || *iterations == 0 || *iterations > INT32_MAX || !hash ||
      hash->size() != kSha1Octets)
    return std::nullopt;
  return Pbkdf2{data.substr(0, first), *iterations, std::move(*hash)};
}

}  // namespace

std::optional<std::string> read_digest(const HashScheme& scheme, std::string_view data,
                                       std::string_view encoding) {
  // Nothing says how a digest without salt is written, but its length does.
  if (encoding.empty() && !scheme.salted && data.size() == 2 * scheme.digest_octets)
    encoding = "HEX";
  auto octets = decode_octets(data, encoding);
  if (!octets && encoding.empty()) octets = decode_hex(data);
  if (!octets || octets->size() < scheme.digest_octets ||
      octets->size() > scheme.digest_octets + kMaxSaltOctets ||
      (octets->size() == scheme.digest_octets) == scheme.salted)
    return std::nullopt;
  return text::base64_encode(*octets);
}

bool verify_digest(const HashScheme& scheme, std::string_view data, std::string_view password) {
  const auto stored = text::base64_decode(data);
  if (!stored || stored->size() < scheme.digest_octets) return false;
  const std::string_view salt = std::string_view(*stored).substr(scheme.digest_octets);
  const auto computed = digest_of(scheme.digest, password, salt);
  return computed &&
         equal_octets(*computed, std::string_view(*stored).substr(0, scheme.digest_octets));
}

std::optional<std::string> read_pbkdf2(const HashScheme& /*scheme*/, std::string_view data,
                                       std::string_view encoding) {
  auto decoded = decode_text(data, encoding);
  if (!decoded || !parse_pbkdf2(*decoded)) return std::nullopt;
  return decoded;
}

bool verify_pbkdf2(const HashScheme& /*scheme*/, std::string_view data, std::string_view password) {
  const auto stored = parse_pbkdf2(data);
  if (!stored) return false;
  std::string computed(kSha1Octets, '\0');
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                        reinterpret_cast<const unsigned char*>(stored->salt.data()),
                        static_cast<int>(stored->salt.size()), static_cast<int>(stored->iterations),
                        EVP_sha1(), static_cast<int>(computed.size()),
                        reinterpret_cast<unsigned char*>(computed.data())) != 1)
    return false;
  return equal_octets(computed, stored->hash);
}

std::optional<HashCost> cost_of_pbkdf2(const HashScheme& /*scheme*/, std::string_view data) {
  const auto stored = parse_pbkdf2(data);
  if (!stored) return std::nullopt;
  return HashCost{.iterations = stored->iterations};
}

}  // namespace posthorn::auth
