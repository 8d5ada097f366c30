#pragma once

#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "store/store.h"

namespace posthorn::demo {

inline constexpr std::string_view kDemoName = "demo@example.org";
inline constexpr std::string_view kDemoPassword = "demo";

/// Makes the demonstration account and fills it with demo_mail.h. An account that is there already
/// is left as it is.
async::Task<Status> fill_demo_account(store::Store& store);

}  // namespace posthorn::demo
