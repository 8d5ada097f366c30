#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "service/delivery/recipient.h"

/// What a forwarded message says about its way, so that a loop ends.
namespace posthorn::service {

/// The header field that this server adds when it forwards a message: the alias by which it did.
/// Delivered-To is not used for it, since messages in mailboxes have that field, and resending one
/// of them is no loop.
inline constexpr std::string_view kForwardedField = "X-Posthorn-Forwarded";

/// RFC 5321 §6.3: at least 100, so that no honest message is refused.
inline constexpr std::size_t kMaxHops = 100;

/// Returns the fields, each with its CRLF, for a message that is forwarded to these targets.
std::string forwarded_fields(const std::vector<OutsideTarget>& targets);

/// Reads the header of a message as it arrives, in portions of any size. Keeps one line at most.
class Hops {
 public:
  void feed(std::string_view octets);
  /// Judges whether the message may be forwarded to these targets. Errors: no_permission, if it
  /// was forwarded by one of their aliases before, or has passed too many servers.
  [[nodiscard]] Status judge(const std::vector<OutsideTarget>& targets) const;

 private:
  void end_line();

  std::string line_;  ///< Cut after kMaxLine octets.
  bool in_header_ = true;
  std::size_t received_ = 0;
  std::set<std::string, std::less<>> aliases_;
};

}  // namespace posthorn::service
