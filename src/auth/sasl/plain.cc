#include "auth/sasl/plain.h"

#include "auth/sasl/saslprep.h"

namespace posthorn::auth {
namespace {

// RFC 4616 §2: the length that must be accepted; longer names never are.
constexpr std::size_t kMaxNameOctets = 255;

bool is_password(std::string_view bytes) {
  return !bytes.empty() && bytes.size() <= kMaxPasswordOctets &&
         bytes.find('\0') == std::string_view::npos;
}

}  // namespace

std::optional<std::string> prepare_name(std::string_view name) {
  if (name.size() > kMaxNameOctets) return std::nullopt;
  auto prepared = saslprep(name, PrepareAs::query);
  if (!prepared || prepared->empty() || prepared->size() > kMaxNameOctets) return std::nullopt;
  return prepared;
}

std::optional<std::string> parse_saslname(std::string_view escaped) {
  std::string out;
  while (!escaped.empty()) {
    if (escaped.front() != '=') {
      out += escaped.front();
      escaped.remove_prefix(1);
    } else if (escaped.starts_with("=2C") || escaped.starts_with("=3D")) {
      out += escaped[1] == '2' ? ',' : '=';
      escaped.remove_prefix(3);
    } else {
      return std::nullopt;  // No other text may follow '='.
    }
  }
  if (out.find('\0') != std::string::npos) return std::nullopt;
  return prepare_name(out);
}

Step PlainMechanism::on_response(std::string_view response) {
  // RFC 4616 §2: [authzid] NUL authcid NUL passwd
  const std::size_t first = response.find('\0');
  if (first == std::string_view::npos) return Failed{};
  const std::size_t second = response.find('\0', first + 1);
  if (second == std::string_view::npos) return Failed{};
  const std::string_view password = response.substr(second + 1);
  auto user = prepare_name(response.substr(first + 1, second - first - 1));
  if (!user || !is_password(password)) return Failed{};
  if (first > 0) {
    auto act_as = prepare_name(response.substr(0, first));
    if (!act_as) return Failed{};
    act_as_ = std::move(*act_as);
  }
  user_ = std::move(*user);
  return NeedVerdict{user_, Secret(password)};
}

Step PlainMechanism::on_verdict(Verdict verdict) {
  if (verdict != Verdict::accepted) return Failed{Refusal::wrong_credentials};
  return authenticated(std::move(user_), std::move(act_as_));
}

Step LoginMechanism::on_response(std::string_view response) {
  if (user_.empty()) {
    auto user = prepare_name(response);
    if (!user) return Failed{};
    user_ = std::move(*user);
    return Challenge{"Password:"};
  }
  if (!is_password(response)) return Failed{};
  return NeedVerdict{user_, Secret(response)};
}

Step LoginMechanism::on_verdict(Verdict verdict) {
  if (verdict != Verdict::accepted) return Failed{Refusal::wrong_credentials};
  return Done{user_, user_};
}

}  // namespace posthorn::auth
