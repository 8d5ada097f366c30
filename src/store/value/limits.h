#pragma once

#include <cstddef>

namespace posthorn::store {

/// The most mailboxes an account can have, whatever its quota. The names of all of them are in
/// memory while the account is open.
inline constexpr std::size_t kMaxMailboxes = 20'000;

}  // namespace posthorn::store
