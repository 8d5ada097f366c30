#include "auth/password/foreign_hash.h"

#include <fmt/core.h>

#include "auth/credentials.h"
#include "auth/password/schemes.h"
#include "text/ascii.h"

namespace posthorn::auth {
namespace {

/// Argon2 works through its memory this often at most: as often as the limit would be worth with
/// the smallest memory that anybody uses.
constexpr std::uint64_t kMaxPasses = 16;

std::unexpected<Error> malformed(std::string_view scheme) {
  return fail(ErrorKind::bad_argument, fmt::format("the {} hash is malformed", scheme));
}

/// The name of a scheme as it may be repeated in an error.
std::string shown(std::string_view scheme) {
  std::string out;
  for (const char c : scheme.substr(0, 32)) out += c > ' ' && c < 0x7f ? c : '?';
  return out;
}

}  // namespace

TaggedHash split_tag(std::string_view text) {
  TaggedHash tagged{{}, {}, text};
  const std::size_t end = text.find('}');
  if (!text.starts_with('{') || end == std::string_view::npos) return tagged;
  tagged.scheme = text::upper(text.substr(1, end - 1));
  tagged.data = text.substr(end + 1);
  if (const std::size_t dot = tagged.scheme.rfind('.'); dot != std::string::npos) {
    tagged.encoding = tagged.scheme.substr(dot + 1);
    if (tagged.encoding == "BASE64") tagged.encoding = "B64";
    tagged.scheme.resize(dot);
  }
  return tagged;
}

Result<ForeignHash> ForeignHash::parse(std::string_view text, std::string_view default_scheme) {
  TaggedHash tagged = split_tag(text);
  if (tagged.scheme.empty()) tagged.scheme = text::upper(default_scheme);
  if (!tagged.encoding.empty() && tagged.encoding != "HEX" && tagged.encoding != "B64")
    return fail(ErrorKind::not_supported,
                fmt::format("the encoding {} is not known", shown(tagged.encoding)));
  std::string decoded;
  if (tagged.scheme == "CRYPT" && !tagged.encoding.empty()) {
    auto octets = decode_octets(tagged.data, tagged.encoding);
    if (!octets) return malformed(tagged.scheme);
    decoded = std::move(*octets);
    tagged.data = decoded;
    tagged.encoding.clear();
  }
  // Dovecot's MD5 is crypt's or a plain digest, as it comes.
  if (tagged.scheme == "MD5")
    tagged.scheme = tagged.data.starts_with('$') ? "MD5-CRYPT" : "LDAP-MD5";
  const HashScheme* const scheme =
      tagged.scheme == "CRYPT" ? find_crypt_scheme(tagged.data) : find_scheme(tagged.scheme);
  if (scheme == nullptr)
    return fail(ErrorKind::not_supported,
                tagged.scheme == "CRYPT"
                    ? std::string("the hash is of a kind of crypt that is not supported")
                    : fmt::format("the scheme {} is not supported", shown(tagged.scheme)));
  auto data = scheme->read(*scheme, tagged.data, tagged.encoding);
  if (!data) return malformed(scheme->name);
  if (!scheme->cost(*scheme, *data))
    return fail(ErrorKind::not_supported,
                fmt::format("the {} hash has parameters that are not supported", scheme->name));
  return ForeignHash(*scheme, std::move(*data));
}

std::string_view ForeignHash::scheme() const { return scheme_->name; }

std::string ForeignHash::text() const { return fmt::format("{{{}}}{}", scheme_->name, data_); }

std::string ForeignHash::cost() const {
  const HashCost cost = scheme_->cost(*scheme_, data_).value_or(HashCost{});
  return fmt::format("{} {} {} {} {}", scheme_->name, cost.iterations, cost.bcrypt_cost,
                     cost.memory_octets, cost.passes);
}

Status ForeignHash::check_whole() const {
  if (scheme_->whole == nullptr || scheme_->whole(*scheme_, data_)) return {};
  return fail(ErrorKind::bad_argument,
              fmt::format("the {} hash is incomplete, or has parameters that no such hash has",
                          scheme_->name));
}

Status ForeignHash::check_cost(const HashLimits& limits) const {
  const HashCost cost = scheme_->cost(*scheme_, data_).value_or(HashCost{});
  const auto beyond = [this](std::uint64_t has, std::string_view of, std::uint64_t most) {
    return fail(ErrorKind::limit, fmt::format("the {} hash has {} {}; at most {} are accepted",
                                              scheme_->name, has, of, most));
  };
  if (cost.iterations > limits.iterations)
    return beyond(cost.iterations, "iterations", limits.iterations);
  if (cost.bcrypt_cost > limits.bcrypt_cost)
    return fail(ErrorKind::limit, fmt::format("the {} hash has cost {}; at most {} is accepted",
                                              scheme_->name, cost.bcrypt_cost, limits.bcrypt_cost));
  if (cost.memory_octets > limits.memory_octets)
    return beyond(cost.memory_octets, "octets of memory", limits.memory_octets);
  if (cost.passes > kMaxPasses) return beyond(cost.passes, "passes over the memory", kMaxPasses);
  return {};
}

bool ForeignHash::verify(std::string_view password) const {
  // To HMAC, and thus to PBKDF2, NULs at the end of a password make no difference.
  if (password.size() > kMaxPasswordOctets || password.contains('\0')) return false;
  return scheme_->verify(*scheme_, data_, password);
}

}  // namespace posthorn::auth
