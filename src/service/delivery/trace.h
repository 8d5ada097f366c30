#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

/// The header fields a message gets on its way (RFC 5321 §4.4).
namespace posthorn::service {

/// What is known of how a message came here.
struct TraceFacts {
  std::string from;      ///< After "from": a name the client said, and what we know of it.
  std::string hostname;  ///< Ours.
  std::string with;      ///< "LMTP", "ESMTPSA", "UTF8SMTPSA" ... (RFC 3848, RFC 6531 §4.3).
  std::string tls = {};  ///< Stream::tls_description(); empty without TLS.
  std::string id = {};   ///< Ours for it; empty: none.
  Timestamp now;
};

/// One Received field with its CRLF; `recipient` empty: without "for", so that no recipient sees
/// another (RFC 5321 §7.2). "tls" is RFC 8314 §7.4.
std::string received_field(const TraceFacts& facts, std::string_view recipient);
/// Return-Path and Delivered-To, what final delivery adds. `return_path` with its "<>".
std::string delivery_fields(std::string_view return_path, std::string_view recipient);

/// "name (detail)" of what a client said, for TraceFacts::from: what could break the line or the
/// comment goes.
std::string trace_source(std::string_view said_name, std::string_view detail);

}  // namespace posthorn::service
