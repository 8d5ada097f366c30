#pragma once

#include <expected>
#include <utility>

#include "base/error.h"

namespace posthorn {

/// The outcome of anything that can fail in a correct program.
template <class T>
using Result = std::expected<T, Error>;

using Status = Result<void>;

/// `return fail(ErrorKind::not_found, "no such mailbox");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string text,
                                                 std::string cause = {}) {
  return std::unexpected(Error{kind, std::move(text), std::move(cause)});
}

/// Passes a lower layer's error on: `if (!r) return pass(r);`
template <class T>
[[nodiscard]] std::unexpected<Error> pass(Result<T>& failed) {
  return std::unexpected(std::move(failed.error()));
}
template <class T>
[[nodiscard]] std::unexpected<Error> pass(Result<T>&& failed) {
  return std::unexpected(std::move(failed.error()));
}

}  // namespace posthorn
