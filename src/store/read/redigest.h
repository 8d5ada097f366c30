#pragma once

#include <string_view>

#include "base/result.h"
#include "engine/engine.h"
#include "message/digest/digest.h"
#include "store/value/email.h"

/// Digests are made when a message arrives, and are used only if they have the version of this
/// program. A digest of another version, or one that cannot be read, is made again from the
/// message.
namespace posthorn::store {

bool is_trusted_keys(std::string_view keys);
bool is_trusted_structure(std::string_view structure);
bool is_trusted(const EmailRecord& record);

/// Makes a digest from the stored octets; `header` and `body` are the contents of these columns.
/// Reads all pieces of the body, one at a time. May block. Errors: not_found, corrupt, io.
Result<message::Digest> digest_again(engine::Engine& engine, std::string_view header,
                                     std::string_view body);

}  // namespace posthorn::store
