#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/imap/response/response_code.h"

namespace posthorn::server::imap {

/// The tagged response that ends a command (RFC 9051 §7.1).
struct Reply {
  enum class Kind : std::uint8_t { ok, no, bad };
  Kind kind = Kind::ok;
  wire::imap::Code code = {};
  std::string text = {};  ///< "Completed" if empty.

  static Reply ok(std::string text = {}, wire::imap::Code code = {}) {
    return {Kind::ok, std::move(code), std::move(text)};
  }
  static Reply no(std::string text, wire::imap::Code code = {}) {
    return {Kind::no, std::move(code), std::move(text)};
  }
  static Reply bad(std::string text, wire::imap::Code code = {}) {
    return {Kind::bad, std::move(code), std::move(text)};
  }
};

/// The reply for a command that was understood and failed.
Reply reply_to(const Error& error);
/// The reply for a command that could not be parsed.
Reply reply_to_parse(const Error& error);

}  // namespace posthorn::server::imap
