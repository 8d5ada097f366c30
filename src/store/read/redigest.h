#pragma once

#include <string_view>

#include "async/task.h"
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

/// Makes a digest from the stored octets; `header` and `body` are the contents of these columns,
/// which must outlive the task. Reads all pieces of the body, one at a time. Computes for a long
/// time, so it must not run on a loop's thread. Errors: not_found, corrupt, io.
async::Task<Result<message::Digest>> digest_again(engine::Engine& engine, std::string_view header,
                                                  std::string_view body);

}  // namespace posthorn::store
