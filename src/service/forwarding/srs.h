#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "service/delivery/recipient.h"

/// The Sender Rewriting Scheme. A message that is forwarded gets a return path in a domain of the
/// forwarder, so that the next server finds its sender permitted (SPF, RFC 7208 §2.4). The address
/// leads back to the original sender:
///
///     ada@sender.example, forwarded by a.example:
///         SRS0=HHHHHH=TT=sender.example=ada@a.example
///     that address, forwarded once more, by b.example:
///         SRS1=HHHHHH=a.example==HHHHHH=TT=sender.example=ada@b.example
///
/// TT is the day, modulo 1024. The hash, HMAC-SHA-256 cut to 30 bits, shows that this server made
/// the address, so that nobody else can have mail sent to whomever they like. Both are in base 32,
/// since servers on the way may change the case of letters.
namespace posthorn::service {

/// The secrets of the hash. New addresses are made with the first; those made with any are
/// accepted.
struct SrsKeys {
  std::vector<std::string> newest_first;
};

/// An older address leads nowhere. It is more than any server on the way keeps a message.
inline constexpr std::int64_t kSrsDays = 21;

/// Returns whether a local part looks like one of such an address, whoever made it.
bool is_srs(std::string_view local_part);

/// Returns the return path for a message from `sender` that is forwarded by `domain`. `now` is in
/// seconds since 1970. Requires: the sender is not the null path; there is a key. Errors:
/// bad_argument if the address would be too long.
Result<EnvelopeAddress> srs_rewrite(const EnvelopeAddress& sender, const std::string& domain,
                                    const SrsKeys& keys, std::int64_t now);

/// Returns where an address leads back to: the original sender, or the server that forwarded the
/// message before. Errors: bad_argument if no such address was made here, or too long ago.
Result<EnvelopeAddress> srs_reverse(const EnvelopeAddress& address, const SrsKeys& keys,
                                    std::int64_t now);

/// The same for an address that this server has just made, without a check. None if it has another
/// form.
std::optional<EnvelopeAddress> srs_origin(const EnvelopeAddress& address);

}  // namespace posthorn::service
