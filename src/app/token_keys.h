#pragma once

#include <memory>

#include "auth/token/token.h"
#include "base/result.h"
#include "config/config.h"

namespace posthorn::app {

/// Reads the keys for checking tokens (auth.oauth). Null if no issuer is configured. May block.
/// Errors: io, syntax, not_supported, bad_argument, each naming the file or configuration key at
/// fault.
Result<std::shared_ptr<const auth::TokenVerifier>> load_token_verifier(
    const config::Config& config);

}  // namespace posthorn::app
