#pragma once

#include <functional>
#include <string>

#include "admin/admin.h"
#include "async/task.h"
#include "base/result.h"

namespace posthorn::cli {

struct Program;

/// Sends a request that is answered in pages ("next" in the answer is "after" in the next request),
/// and gives `take` each object of the list `members`. Errors: those of the request; server_bug if
/// an answer has no such list.
async::Task<Status> for_each_listed(admin::Admin& admin, admin::Json request, std::string members,
                                    std::function<void(const admin::Json&)> take);

/// Prints such a list: each entry as JSON, or with `print`. Returns the exit code.
int print_listed(const Program& program, const admin::Json& request, const std::string& members,
                 bool as_json, const std::function<void(const admin::Json&)>& print);

}  // namespace posthorn::cli
