#include "service/forwarding/srs.h"

#include <algorithm>

#include "auth/constant_time.h"
#include "auth/crypto.h"
#include "text/ascii.h"

namespace posthorn::service {
namespace {

constexpr std::string_view kFirst = "SRS0";
constexpr std::string_view kFurther = "SRS1";
constexpr std::string_view kSeparators = "=+-";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kHashLetters = 6;
constexpr std::size_t kStampLetters = 2;
constexpr std::int64_t kStamps = 1024;
constexpr std::int64_t kDaySeconds = 86400;
/// What this server accepts in an envelope (wire/smtp/address.h).
constexpr std::size_t kMaxLocalPart = 256;

/// The parts of a local part; views into it.
struct Parts {
  std::string_view hash;
  std::string_view stamp;  ///< Empty in the form SRS1.
  std::string_view domain;
  std::string_view rest;  ///< The original local part, or what follows "SRS0" of the next address.
};

bool begins_with(std::string_view local, std::string_view tag) {
  return local.size() > tag.size() && text::istarts_with(local, tag) &&
         kSeparators.contains(local[tag.size()]);
}

/// Takes what precedes the next '='. None if there is no further one.
std::optional<std::string_view> take_part(std::string_view& text) {
  const std::size_t end = text.find('=');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end + 1);
  return part;
}

std::optional<Parts> take_apart(std::string_view local) {
  const bool first = begins_with(local, kFirst);
  if (!first && !begins_with(local, kFurther)) return std::nullopt;
  std::string_view rest = local.substr(kFirst.size() + 1);
  const auto hash = take_part(rest);
  const auto stamp = first && hash ? take_part(rest) : std::optional<std::string_view>("");
  const auto domain = hash && stamp ? take_part(rest) : std::nullopt;
  if (!domain || domain->empty() || rest.empty()) return std::nullopt;
  if (!first && !kSeparators.contains(rest.front())) return std::nullopt;
  return Parts{*hash, *stamp, *domain, rest};
}

/// The hash in base 32. All that it covers is in lower case, since case may be lost on the way. The
/// form is covered by whether there is a stamp.
std::string hash_of(const Parts& parts, std::string_view key) {
  std::string covered = "srs";
  for (const std::string_view part : {parts.stamp, parts.domain, parts.rest})
    covered += '\0' + text::lower(part);
  const auth::Hash mac = auth::hmac(key, covered);
  const std::uint32_t bits = std::uint32_t{mac[0]} << 24U | std::uint32_t{mac[1]} << 16U |
                             std::uint32_t{mac[2]} << 8U | std::uint32_t{mac[3]};
  std::string letters;
  for (std::size_t i = 0; i < kHashLetters; ++i) letters += kBase32[bits >> (27 - 5 * i) & 31U];
  return letters;
}

std::string stamp_of(std::int64_t now) {
  const auto day = static_cast<std::size_t>(now / kDaySeconds % kStamps);
  return {kBase32[day / 32], kBase32[day % 32]};
}

/// The age of a stamp in days; none if it is not one.
std::optional<std::int64_t> age_of(std::string_view stamp, std::int64_t now) {
  if (stamp.size() != kStampLetters) return std::nullopt;
  std::int64_t day = 0;
  for (const char c : stamp) {
    const std::size_t value = kBase32.find(text::to_upper(c));
    if (value == std::string_view::npos) return std::nullopt;
    day = 32 * day + static_cast<std::int64_t>(value);
  }
  const std::int64_t age = (now / kDaySeconds % kStamps - day + kStamps) % kStamps;
  // Tomorrow: the clock has been set back a little.
  return age == kStamps - 1 ? 0 : age;
}

std::string quoted_if_needed(std::string_view local) {
  const auto is_plain = [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view("!#$%&'*+-/=?^_`{|}~.").contains(c);
  };
  if (std::ranges::all_of(local, is_plain) && !local.starts_with('.') && !local.ends_with('.') &&
      !local.contains(".."))
    return std::string(local);
  std::string out = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

EnvelopeAddress address_of(std::string local, std::string domain) {
  std::string written = quoted_if_needed(local) + '@' + domain;
  return {std::move(local), std::move(domain), std::move(written)};
}

EnvelopeAddress origin_of(std::string_view local, const Parts& parts) {
  std::string to(parts.rest);
  if (begins_with(local, kFurther)) to.insert(0, kFirst);
  return address_of(std::move(to), std::string(parts.domain));
}

}  // namespace

bool is_srs(std::string_view local_part) {
  return begins_with(local_part, kFirst) || begins_with(local_part, kFurther);
}

Result<EnvelopeAddress> srs_rewrite(const EnvelopeAddress& sender, const std::string& domain,
                                    const SrsKeys& keys, std::int64_t now) {
  const std::string stamp = stamp_of(now);
  Parts parts{.hash = {}, .stamp = stamp, .domain = sender.domain, .rest = sender.local_part};
  std::string_view tag = kFirst;
  if (const auto theirs = take_apart(sender.local_part)) {
    // Another server has rewritten the address. Only the first and the last one stay in it, so that
    // it does not grow with each.
    tag = kFurther;
    parts.stamp = {};
    if (begins_with(sender.local_part, kFirst)) {
      parts.rest.remove_prefix(kFirst.size());
    } else {
      parts.domain = theirs->domain;
      parts.rest = theirs->rest;
    }
  }
  std::string local = fmt::format("{}={}={}", tag, hash_of(parts, keys.newest_first.front()),
                                  tag == kFirst ? stamp + '=' : std::string());
  local.append(parts.domain).append("=").append(parts.rest);
  if (local.size() > kMaxLocalPart)
    return fail(ErrorKind::bad_argument, "The sender's address is too long to be rewritten");
  return address_of(std::move(local), domain);
}

Result<EnvelopeAddress> srs_reverse(const EnvelopeAddress& address, const SrsKeys& keys,
                                    std::int64_t now) {
  const auto parts = take_apart(address.local_part);
  bool right = false;
  if (parts) {
    const std::string hash = text::upper(parts->hash);
    // All keys are tried, so that the time does not tell which one it was.
    for (const std::string& key : keys.newest_first)
      right |= auth::is_same_secret(hash, hash_of(*parts, key));
  }
  if (!right) return fail(ErrorKind::bad_argument, "This server has not made this return address");
  if (begins_with(address.local_part, kFirst)) {
    const auto age = age_of(parts->stamp, now);
    if (!age || *age > kSrsDays)
      return fail(ErrorKind::bad_argument,
                  fmt::format("The return address is older than {} days", kSrsDays));
  }
  return origin_of(address.local_part, *parts);
}

std::optional<EnvelopeAddress> srs_origin(const EnvelopeAddress& address) {
  const auto parts = take_apart(address.local_part);
  if (!parts) return std::nullopt;
  return origin_of(address.local_part, *parts);
}

}  // namespace posthorn::service
