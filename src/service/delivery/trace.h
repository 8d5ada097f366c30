#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

/// Header fields that record a message's path (RFC 5321 §4.4).
namespace posthorn::service {

/// What is known about how a message arrived.
struct TraceFacts {
  std::string from;  ///< The text after "from": the name given by the client and what the server
                     ///< knows of it.
  std::string hostname;  ///< This server's name.
  std::string with;      ///< "LMTP", "ESMTPSA", "UTF8SMTPSA" ... (RFC 3848, RFC 6531 §4.3).
  std::string tls = {};  ///< Stream::tls_description(); empty without TLS.
  std::string id = {};   ///< The id the server gave the message; empty if there is none.
  Timestamp now;
};

/// Returns one Received field with its CRLF. If `recipient` is empty, "for" is left out, so that no
/// recipient learns of another (RFC 5321 §7.2). The "tls" clause is RFC 8314 §7.4.
std::string received_field(const TraceFacts& facts, std::string_view recipient);
/// Returns Return-Path and Delivered-To, which final delivery adds. `return_path` includes "<>".
std::string delivery_fields(std::string_view return_path, std::string_view recipient);

/// Formats "name (detail)" for TraceFacts::from. Characters of the client's text that could break
/// the line or the comment are removed.
std::string trace_source(std::string_view said_name, std::string_view detail);

}  // namespace posthorn::service
