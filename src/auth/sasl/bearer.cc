#include "auth/sasl/bearer.h"

#include <boost/json.hpp>
#include <utility>

#include "auth/sasl/plain.h"
#include "text/ascii.h"

namespace posthorn::auth {
namespace {

constexpr char kSeparator = '\x01';

/// The client's first message, in either form.
struct BearerResponse {
  std::string claimed;  ///< Prepared; empty if not given.
  std::string_view token;
};

/// Returns the token from the value of "auth" (RFC 6750 §2.1). An empty token asks for the
/// requirements (RFC 7628 §4.3). None for another scheme.
std::optional<std::string_view> token_of(std::string_view value) {
  if (value.empty()) return value;
  constexpr std::string_view kScheme = "Bearer ";
  if (!text::istarts_with(value, kScheme)) return std::nullopt;
  return text::trim(value.substr(kScheme.size()));
}

/// Parses key=value pairs, each followed by a separator, with one more at the end (RFC 7628 §3.1).
/// Calls f(key, value). Returns false if the text does not have this form.
template <class F>
bool for_each_pair(std::string_view pairs, F f) {
  while (!pairs.empty() && pairs.front() != kSeparator) {
    const std::size_t end = pairs.find(kSeparator);
    const std::string_view pair = pairs.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (end == std::string_view::npos || equals == std::string_view::npos || equals == 0)
      return false;
    if (!f(pair.substr(0, equals), pair.substr(equals + 1))) return false;
    pairs.remove_prefix(end + 1);
  }
  return pairs.size() == 1;
}

/// RFC 7628 §3.1: a GS2 header, then the pairs. The client's values for host and port are ignored,
/// because the server does not know all names that lead to it.
std::optional<BearerResponse> parse_oauthbearer(std::string_view response) {
  BearerResponse found;
  // Without channel binding, 'y' and 'n' mean the same (RFC 5801 §5).
  if (!response.starts_with("n,") && !response.starts_with("y,")) return std::nullopt;
  response.remove_prefix(2);
  const std::size_t comma = response.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  if (const std::string_view authzid = response.substr(0, comma); !authzid.empty()) {
    auto name = authzid.starts_with("a=") ? parse_saslname(authzid.substr(2)) : std::nullopt;
    if (!name) return std::nullopt;
    found.claimed = std::move(*name);
  }
  response.remove_prefix(comma + 1);
  if (!response.starts_with(kSeparator)) return std::nullopt;
  std::optional<std::string_view> token;
  const bool well =
      for_each_pair(response.substr(1), [&](std::string_view key, std::string_view value) {
        if (key != "auth") return true;
        token = token_of(value);
        return token.has_value();
      });
  if (!well || !token) return std::nullopt;
  found.token = *token;
  return found;
}

/// "user=" name ^A "auth=Bearer " token ^A ^A
std::optional<BearerResponse> parse_xoauth2(std::string_view response) {
  BearerResponse found;
  std::optional<std::string_view> token;
  const bool well = for_each_pair(response, [&](std::string_view key, std::string_view value) {
    if (key == "user") {
      auto name = prepare_name(value);
      if (!name) return false;
      found.claimed = std::move(*name);
    } else if (key == "auth") {
      token = token_of(value);
      return token.has_value();
    }
    return true;
  });
  if (!well || !token || found.claimed.empty()) return std::nullopt;
  found.token = *token;
  return found;
}

/// RFC 7628 §3.2.2.
std::string format_refusal(const TokenRefusal& refusal) {
  boost::json::object said{{"status", refusal.status}};
  if (!refusal.scope.empty()) said["scope"] = refusal.scope;
  if (!refusal.configuration.empty()) said["openid-configuration"] = refusal.configuration;
  return boost::json::serialize(said);
}

/// In the form of Google's servers, which clients expect.
std::string format_xoauth2_refusal(const TokenRefusal& refusal) {
  return boost::json::serialize(
      boost::json::object{{"status", "401"}, {"schemes", "bearer"}, {"scope", refusal.scope}});
}

}  // namespace

std::string_view BearerMechanism::name() const {
  return variant_ == Variant::oauthbearer ? "OAUTHBEARER" : "XOAUTH2";
}

std::size_t BearerMechanism::max_response() const {
  return TokenVerifier::kMaxTokenOctets + 1024;  // Room for the names and the syntax around them.
}

Step BearerMechanism::on_response(std::string_view response) {
  if (refused_) return Failed{Refusal::wrong_token};
  auto parsed =
      variant_ == Variant::oauthbearer ? parse_oauthbearer(response) : parse_xoauth2(response);
  if (!parsed) return Failed{};
  claimed_ = std::move(parsed->claimed);
  return NeedToken{claimed_, Secret(parsed->token)};
}

Step BearerMechanism::on_token(TokenVerdict verdict) {
  if (verdict) return authenticated(std::move(*verdict), std::move(claimed_));
  refused_ = true;
  return Challenge{variant_ == Variant::oauthbearer ? format_refusal(verdict.error())
                                                    : format_xoauth2_refusal(verdict.error())};
}

}  // namespace posthorn::auth
