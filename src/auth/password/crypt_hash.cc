#include <crypt.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <memory>

#include "auth/password/schemes.h"
#include "text/ascii.h"

namespace posthorn::auth {
namespace {

constexpr std::size_t kDesCryptOctets = 13;
constexpr std::size_t kMaxCryptOctets = CRYPT_OUTPUT_SIZE - 1;

/// The alphabet of crypt(3), in the order of the values.
constexpr std::string_view kDigits =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool is_crypt_text(std::string_view data) {
  return std::ranges::all_of(
      data, [](char c) { return c == '$' || c == '=' || c == ',' || kDigits.contains(c); });
}

/// Takes one number as yescrypt writes it: the first digit says how many follow. None if it is
/// malformed.
std::optional<std::uint64_t> take_yescrypt_number(std::string_view& rest, std::uint32_t least) {
  const auto next_digit = [&rest]() -> std::optional<std::uint32_t> {
    const std::size_t value = rest.empty() ? std::string_view::npos : kDigits.find(rest.front());
    if (value == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(1);
    return static_cast<std::uint32_t>(value);
  };
  auto digit = next_digit();
  std::uint32_t start = 0;
  std::uint32_t end = 47;
  std::uint32_t more = 0;
  std::uint64_t number = least;
  while (digit && *digit > end) {
    number += std::uint64_t{end + 1 - start} << (6 * more);
    start = end + 1;
    end = start + (62 - end) / 2;
    ++more;
    if (more > 4) return std::nullopt;
  }
  if (!digit) return std::nullopt;
  number += std::uint64_t{*digit - start} << (6 * more);
  while (more > 0) {
    digit = next_digit();
    if (!digit) return std::nullopt;
    --more;
    number += std::uint64_t{*digit} << (6 * more);
  }
  return number;
}

}  // namespace

std::optional<std::string> read_crypt(const HashScheme& scheme, std::string_view data,
                                      std::string_view encoding) {
  auto decoded = decode_text(data, encoding);
  if (!decoded || !decoded->starts_with(scheme.prefix) || decoded->size() > kMaxCryptOctets ||
      !is_crypt_text(*decoded))
    return std::nullopt;
  const bool is_des = scheme.prefix.empty();
  if (is_des && (decoded->size() != kDesCryptOctets || decoded->contains('$'))) return std::nullopt;
  // A setting without a hash would be equal to no result, but is not what was meant.
  if (!is_des && std::ranges::count(*decoded, '$') < 3) return std::nullopt;
  return decoded;
}

bool verify_crypt(const HashScheme& /*scheme*/, std::string_view data, std::string_view password) {
  if (password.contains('\0') || password.size() >= CRYPT_MAX_PASSPHRASE_SIZE) return false;
  // 32 KiB.
  const auto work = std::make_unique<crypt_data>();
  std::string phrase(password);
  const std::string setting(data);
  const char* const computed = crypt_r(phrase.c_str(), setting.c_str(), work.get());
  // A failure is a null pointer, or text that begins with '*' and equals no hash.
  const bool equal = computed != nullptr && equal_octets(computed, data);
  OPENSSL_cleanse(work.get(), sizeof(crypt_data));
  OPENSSL_cleanse(phrase.data(), phrase.size());
  return equal;
}

std::optional<HashCost> cost_of_sha_crypt(const HashScheme& scheme, std::string_view data) {
  constexpr std::uint64_t kDefaultRounds = 5000;
  constexpr std::string_view kRounds = "rounds=";
  data.remove_prefix(scheme.prefix.size());
  if (!data.starts_with(kRounds)) return HashCost{.iterations = kDefaultRounds};
  data.remove_prefix(kRounds.size());
  const auto rounds = decode_number(data.substr(0, data.find('$')));
  if (!rounds) return std::nullopt;
  return HashCost{.iterations = *rounds};
}

std::optional<HashCost> cost_of_bcrypt(const HashScheme& /*scheme*/, std::string_view data) {
  // "$2y$10$": a letter and two digits.
  if (data.size() < 7 || data[3] != '$' || data[6] != '$' ||
      !std::string_view("aby").contains(data[2]))
    return std::nullopt;
  const auto cost = decode_number(data.substr(4, 2));
  if (!cost) return std::nullopt;
  return HashCost{.bcrypt_cost = *cost};
}

std::optional<HashCost> cost_of_yescrypt(const HashScheme& scheme, std::string_view data) {
  // "$y$" flavour, logarithm of N, r "$"; what else there may be is not used by crypt_gensalt(3).
  data.remove_prefix(scheme.prefix.size());
  std::string_view parameters = data.substr(0, data.find('$'));
  const auto flavour = take_yescrypt_number(parameters, 0);
  const auto log_n = take_yescrypt_number(parameters, 1);
  const auto r = take_yescrypt_number(parameters, 1);
  // What is beyond these bounds is beyond every limit, and beyond what 64 bits can count.
  if (!flavour || !log_n || !r || !parameters.empty() || *log_n > 32 || *r > 1'000'000)
    return std::nullopt;
  return HashCost{.memory_octets = (std::uint64_t{128} << *log_n) * *r, .passes = 1};
}

std::optional<HashCost> no_cost(const HashScheme& /*scheme*/, std::string_view /*data*/) {
  return HashCost{};
}

bool is_whole_crypt(const HashScheme& scheme, std::string_view data) {
  // libxcrypt refuses fewer rounds, and numbers that are written in two ways.
  constexpr std::string_view kRounds = "rounds=";
  constexpr std::uint64_t kMinRounds = 1000;
  std::string_view rest = data.substr(scheme.prefix.size());
  if (rest.starts_with(kRounds)) {
    rest = rest.substr(kRounds.size(), rest.find('$') - kRounds.size());
    if (rest.starts_with('0') || decode_number(rest).value_or(0) < kMinRounds) return false;
  }
  // Without a '$', as DES-CRYPT is, all of it.
  return data.substr(data.rfind('$') + 1).size() == scheme.result_digits;
}

}  // namespace posthorn::auth
