#include "auth/secret_base64.h"

#include "text/base64.h"

namespace posthorn::auth {

std::optional<Secret> secret_from_base64(std::string& base64) {
  auto bytes = text::base64_decode(base64);
  wipe(base64);
  if (!bytes) return std::nullopt;
  std::optional<Secret> secret(std::in_place, *bytes);
  wipe(*bytes);
  return secret;
}

}  // namespace posthorn::auth
