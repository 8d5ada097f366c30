#pragma once

#include <memory>

#include "auth/token/token.h"
#include "base/result.h"
#include "config/config.h"

namespace posthorn::app {

/// Reads the keys that tokens are checked with (auth.oauth). Null where no issuer is configured.
/// May block. Errors: io, syntax, not_supported, bad_argument, each with the file or key to look
/// at.
Result<std::shared_ptr<const auth::TokenVerifier>> load_token_verifier(
    const config::Config& config);

}  // namespace posthorn::app
