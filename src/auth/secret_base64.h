#pragma once

#include <optional>
#include <string>

#include "auth/secret.h"

namespace posthorn::auth {

/// Decodes base64 (RFC 4648 §4) that a client sent as a SASL response, and wipes `base64` and
/// everything in between. Returns none if it is not base64.
std::optional<Secret> secret_from_base64(std::string& base64);

}  // namespace posthorn::auth
