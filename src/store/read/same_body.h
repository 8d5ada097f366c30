#pragma once

#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"
#include "store/value/email.h"

namespace posthorn::store {

/// Whether a stored message (its `body` column) and one just taken in have the same octets after
/// the header, but for the end of the last line, which submitting a message adds. Mostly told by
/// the names of the pieces; read only when the same octets may have been cut differently. Errors:
/// corrupt, io, not_found.
async::Task<Result<bool>> same_body(AccountPtr account, std::string_view stored_body,
                                    const NewEmail& fresh);

}  // namespace posthorn::store
