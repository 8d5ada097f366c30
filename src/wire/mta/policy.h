#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/lex/lf_lines.h"

/// Postfix's policy delegation protocol (SMTPD_POLICY_README): a request is lines "name=value" and
/// an empty line; a reply is the line "action=..." and an empty line.
namespace posthorn::wire::mta {

/// The attributes of one request.
class PolicyRequest {
 public:
  /// Returns the value; empty if it was not given.
  [[nodiscard]] std::string_view operator[](std::string_view name) const {
    const auto it = attributes_.find(name);
    return it == attributes_.end() ? std::string_view() : std::string_view(it->second);
  }
  /// Returns the value as a number; 0 if it is not one.
  [[nodiscard]] std::uint64_t number(std::string_view name) const;

 private:
  friend class PolicyRequests;
  std::map<std::string, std::string, std::less<>> attributes_;
};

/// Extracts requests from a stream of octets. Holds one request at most.
class PolicyRequests {
 public:
  static constexpr std::size_t kMaxLine = 4096;       ///< Octets.
  static constexpr std::size_t kMaxAttributes = 100;  ///< In one request. Postfix sends about 30.

  /// Consumes octets from the front of `input`. Returns the next request, or none if all were
  /// consumed and more are needed. Errors: syntax (a line without '=', too long, or too many of
  /// them). After an error the place of the next request is not known.
  Result<std::optional<PolicyRequest>> take(std::string_view& input);

 private:
  lex::LfLines lines_{kMaxLine};
  PolicyRequest request_;
};

/// `action` is an action of Postfix's access(5), such as "DUNNO" or "550 5.1.1 No such user here".
std::string format_policy_reply(std::string_view action);

}  // namespace posthorn::wire::mta
