#include "auth/password/imported_password.h"

#include <algorithm>

#include "auth/password/schemes.h"
#include "text/ascii.h"

namespace posthorn::auth {
namespace {

constexpr std::string_view kScram = "SCRAM-SHA-256";
constexpr std::size_t kMaxSaltOctets = 64;

std::string_view take_until(std::string_view& rest, std::string_view marks) {
  const std::size_t at = rest.find_first_of(marks);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

Result<ScramKeys> parse_scram(std::string_view data, const HashLimits& limits) {
  constexpr std::string_view kMarks = ",:$";
  const auto iterations = decode_number(take_until(data, kMarks));
  auto salt = decode_octets(take_until(data, kMarks), "B64");
  const auto stored = decode_octets(take_until(data, kMarks), "B64");
  const auto server = decode_octets(data, "B64");
  if (!iterations || *iterations == 0 || !salt || salt->empty() || salt->size() > kMaxSaltOctets ||
      !stored || stored->size() != sizeof(Hash) || !server || server->size() != sizeof(Hash))
    return fail(ErrorKind::bad_argument, "the SCRAM-SHA-256 keys are malformed");
  const std::uint64_t most = std::min<std::uint64_t>(limits.iterations, kMaxIterations);
  if (*iterations > most)
    return fail(ErrorKind::limit,
                fmt::format("the SCRAM-SHA-256 keys have {} iterations; at most {} are accepted",
                            *iterations, most));
  ScramKeys keys;
  keys.iterations = static_cast<std::uint32_t>(*iterations);
  keys.salt = std::move(*salt);
  std::ranges::copy(*stored, keys.stored_key.begin());
  std::ranges::copy(*server, keys.server_key.begin());
  return keys;
}

Result<ImportedPassword> parse_plain(std::string_view data, std::string_view encoding) {
  auto decoded = decode_text(data, encoding);
  if (!decoded) return fail(ErrorKind::bad_argument, "the password is malformed");
  Secret password(*decoded);
  wipe(*decoded);
  if (password.empty()) return fail(ErrorKind::bad_argument, "the password is empty");
  if (password.reveal().size() > kMaxPasswordOctets)
    return fail(ErrorKind::bad_argument, "the password is too long");
  return password;
}

}  // namespace

Result<ImportedPassword> parse_imported(std::string_view text, std::string_view default_scheme,
                                        const HashLimits& limits) {
  TaggedHash tagged = split_tag(text);
  if (tagged.scheme.empty()) tagged.scheme = text::upper(default_scheme);
  // In the form of PostgreSQL the name of the scheme is not in braces.
  if (tagged.data.starts_with(kScram) && tagged.data.substr(kScram.size()).starts_with('$')) {
    tagged.scheme = kScram;
    tagged.data.remove_prefix(kScram.size() + 1);
  }
  if (tagged.scheme == kScram) {
    auto keys = parse_scram(tagged.data, limits);
    if (!keys) return pass(keys);
    return std::move(*keys);
  }
  if (tagged.scheme == "PLAIN" || tagged.scheme == "CLEARTEXT" || tagged.scheme == "CLEAR")
    return parse_plain(tagged.data, tagged.encoding);
  auto hash = ForeignHash::parse(text, default_scheme);
  if (!hash) return pass(hash);
  if (Status within = hash->check_cost(limits); !within) return pass(within);
  if (Status whole = hash->check_whole(); !whole) return pass(whole);
  return std::move(*hash);
}

}  // namespace posthorn::auth
