#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/pop3/command.h"

namespace posthorn::wire::pop3 {

/// Response codes: RFC 2449 §8.1, RFC 3206, RFC 6856 §5.
enum class Code : std::uint8_t { none, auth, in_use, login_delay, sys_perm, sys_temp, utf8 };

/// The first line of a response (RFC 1939 §3).
struct Reply {
  enum class Status : std::uint8_t { ok, err };
  Status status = Status::ok;
  Code code = Code::none;
  std::string text = {};

  static Reply ok(std::string text, Code code = Code::none) {
    return {Status::ok, code, std::move(text)};
  }
  static Reply err(std::string text, Code code = Code::none) {
    return {Status::err, code, std::move(text)};
  }
};

/// Formats the reply with its CRLF, at most 512 octets (RFC 2449 §4). Control characters and
/// non-ASCII octets become '?', so that no text from outside can form a line of its own or a
/// response code.
std::string format_reply(const Reply& reply);

/// Formats "+ ", the base64 of `challenge` and CRLF (RFC 5034 §4).
std::string format_challenge(std::string_view challenge);

/// Formats a scan listing such as "3 120" (RFC 1939 §5), which is used as text of a reply and, with
/// CRLF, as a line of a list.
std::string scan_listing(MessageNumber message, std::uint64_t octets);
/// Formats a listing such as "3 whqtswO00WBw418f9t5JxYwZ" (RFC 1939 §7).
std::string unique_id_listing(MessageNumber message, std::string_view unique_id);

/// Ends a list of lines. None of the lines may begin with a dot.
inline constexpr std::string_view kEndOfList = ".\r\n";

}  // namespace posthorn::wire::pop3
