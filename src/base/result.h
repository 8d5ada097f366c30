#pragma once

#include <expected>
#include <utility>

#include "base/error.h"

namespace posthorn {

/// The result of any operation that can fail in a correct program: a value or an Error.
template <class T>
using Result = std::expected<T, Error>;

using Status = Result<void>;

/// `return fail(ErrorKind::not_found, "no such mailbox");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string text,
                                                 std::string cause = {}) {
  return std::unexpected(Error{kind, std::move(text), std::move(cause)});
}

/// Passes on an error of a lower layer: `if (!r) return pass(r);`
template <class T>
[[nodiscard]] std::unexpected<Error> pass(Result<T>& failed) {
  return std::unexpected(std::move(failed.error()));
}
template <class T>
[[nodiscard]] std::unexpected<Error> pass(Result<T>&& failed) {
  return std::unexpected(std::move(failed.error()));
}

}  // namespace posthorn
