#include "auth/rules/app_password.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/network.h"
#include "text/ascii.h"

namespace posthorn::auth {
namespace {

/// 32 characters without l, o, 0 and 1.
constexpr std::string_view kAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
constexpr std::size_t kCharacters = 26;  // Five bits each.
constexpr std::size_t kGroup = 5;

bool is_in_any(std::string_view peer, const std::vector<std::string>& ranges) {
  return ranges.empty() || std::ranges::any_of(ranges, [&](const std::string& range) {
           const auto network = Network::parse(range);
           return network && network->contains(peer);
         });
}

}  // namespace

Secret make_app_password() {
  static_assert(kAlphabet.size() == 32);
  std::string bytes = random_bytes(kCharacters);
  std::string text;
  text.reserve(2 * kCharacters);
  for (std::size_t i = 0; i < kCharacters; ++i) {
    if (i != 0 && i % kGroup == 0) text += '-';
    text += kAlphabet[static_cast<unsigned char>(bytes[i]) % kAlphabet.size()];
  }
  Secret password(text);
  wipe(text);
  wipe(bytes);
  return password;
}

std::optional<Hash> digest_of_app_password(std::string_view password) {
  std::string letters;
  letters.reserve(kCharacters + 1);
  bool fits = true;
  for (const char c : password) {
    if (c == '-' || c == ' ') continue;
    const char lower = text::to_lower(c);
    fits = kAlphabet.contains(lower) && letters.size() < kCharacters;
    if (!fits) break;
    letters += lower;
  }
  std::optional<Hash> digest;
  if (fits && letters.size() == kCharacters) digest = sha256(letters);
  wipe(letters);
  return digest;
}

const AppPassword* find_app_password(const LoginRules& rules, const Hash& digest,
                                     const AppPasswordUse& use, std::string_view& refused) {
  const AppPassword* found = nullptr;
  for (const AppPassword& password : rules.app_passwords)
    if (CRYPTO_memcmp(password.digest.data(), digest.data(), digest.size()) == 0) found = &password;
  if (found == nullptr) return nullptr;
  if (found->expires != 0 && found->expires <= use.now) {
    refused = "app_password_expired";
  } else if ((found->protocols & bit(use.protocol)) == 0) {
    refused = "app_password_wrong_protocol";
  } else if (!is_in_any(use.peer, found->ranges)) {
    refused = "app_password_wrong_address";
  } else {
    return found;
  }
  return nullptr;
}

}  // namespace posthorn::auth
