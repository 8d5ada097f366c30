#pragma once

#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"
#include "store/value/email.h"

namespace posthorn::store {

/// Returns whether a stored message (given by its `body` column) and a newly received one have the
/// same octets after the header. The end of the last line is ignored, because submission adds it.
/// Usually decided by the names of the pieces; the pieces are read only if equal octets may have
/// been divided differently. Errors: corrupt, io, not_found.
async::Task<Result<bool>> same_body(AccountPtr account, std::string_view stored_body,
                                    const NewEmail& fresh);

}  // namespace posthorn::store
