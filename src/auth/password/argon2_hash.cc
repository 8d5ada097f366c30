#include <argon2.h>

#include <string>

#include "auth/password/schemes.h"
#include "text/base64.h"

namespace posthorn::auth {
namespace {

constexpr std::size_t kMaxArgon2Octets = 512;

/// Takes the text before the next `mark`, or all of it.
std::string_view take_until(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

std::optional<std::uint64_t> take_parameter(std::string_view& rest, std::string_view name) {
  std::string_view part = take_until(rest, ',');
  if (!part.starts_with(name)) return std::nullopt;
  return decode_number(part.substr(name.size()));
}

}  // namespace

std::optional<std::string> read_argon2(const HashScheme& scheme, std::string_view data,
                                       std::string_view encoding) {
  auto decoded = decode_text(data, encoding);
  if (!decoded || decoded->size() > kMaxArgon2Octets || !decoded->starts_with(scheme.prefix))
    return std::nullopt;
  // "$argon2id$v=19$m=65536,t=3,p=1$salt$hash"
  std::string_view rest = std::string_view(*decoded).substr(scheme.prefix.size());
  if (rest.starts_with("v=")) take_until(rest, '$');
  take_until(rest, '$');
  for (const std::string_view part : {take_until(rest, '$'), rest}) {
    const auto octets = decode_octets(part, "B64");
    if (!octets || octets->size() < 4) return std::nullopt;
  }
  return decoded;
}

bool verify_argon2(const HashScheme& scheme, std::string_view data, std::string_view password) {
  const argon2_type type = scheme.name == "ARGON2I" ? Argon2_i : Argon2_id;
  // Compares in constant time.
  return argon2_verify(std::string(data).c_str(), password.data(), password.size(), type) ==
         ARGON2_OK;
}

std::optional<HashCost> cost_of_argon2(const HashScheme& scheme, std::string_view data) {
  data.remove_prefix(scheme.prefix.size());
  if (data.starts_with("v=")) take_until(data, '$');
  std::string_view parameters = take_until(data, '$');
  const auto kibibytes = take_parameter(parameters, "m=");
  const auto passes = take_parameter(parameters, "t=");
  const auto lanes = take_parameter(parameters, "p=");
  constexpr std::uint64_t kLanes = 16;  // Each is a thread of its own.
  if (!kibibytes || !passes || !lanes || !parameters.empty() || *kibibytes > UINT32_MAX ||
      *passes > UINT32_MAX || *lanes > kLanes)
    return std::nullopt;
  return HashCost{.memory_octets = *kibibytes * 1024, .passes = *passes};
}

bool is_whole_argon2(const HashScheme& scheme, std::string_view data) {
  data.remove_prefix(scheme.prefix.size());
  // Without a version it is the first one.
  if (data.starts_with("v=")) {
    const auto version = decode_number(take_until(data, '$').substr(2));
    if (version != ARGON2_VERSION_10 && version != ARGON2_VERSION_13) return false;
  }
  std::string_view parameters = take_until(data, '$');
  const auto kibibytes = take_parameter(parameters, "m=");
  const auto passes = take_parameter(parameters, "t=");
  const auto lanes = take_parameter(parameters, "p=");
  const auto salt = decode_octets(take_until(data, '$'), "B64");
  return kibibytes && passes && lanes && salt && salt->size() >= ARGON2_MIN_SALT_LENGTH &&
         *passes > 0 && *lanes > 0 && *kibibytes >= 8 * *lanes;
}

}  // namespace posthorn::auth
