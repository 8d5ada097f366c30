#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace posthorn::server::lmtp {

/// What is known of a transaction when its message is delivered.
struct TraceFacts {
  std::string return_path;  ///< "<sender@example.org>", or "<>" (RFC 5321 §4.4).
  std::string said_name;    ///< What the client called itself in LHLO.
  std::string peer;         ///< Stream::peer().
  std::string hostname;     ///< Ours.
  std::string tls;          ///< Stream::tls_description(); empty without TLS.
  bool utf8 = false;        ///< SMTPUTF8 was asked for.
  Timestamp now;
};

/// The lines put in front of a message for one recipient: Return-Path, Delivered-To and Received
/// (RFC 5321 §4.4, RFC 3848 and RFC 6531 §4.3 for "with", RFC 8314 §7.4 for "tls").
std::string trace_fields(const TraceFacts& facts, std::string_view recipient);

/// RFC 5322 §3.3: "Mon, 23 Nov 2026 03:51:33 +0000".
std::string mail_date(Timestamp time);

}  // namespace posthorn::server::lmtp
