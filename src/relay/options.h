#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "client/smtp_client.h"
#include "relay/progress.h"

namespace posthorn::relay {

struct RelayOptions {
  std::string hostname;  ///< This server's name, for reports.
  /// The relay for mail to other servers. If null, such mail stays queued.
  std::shared_ptr<const client::SmtpEndpoint> endpoint = {};
  client::SmtpTimes times = {};
  std::size_t connections = 4;   ///< Maximum number of concurrent connections to the relay.
  std::size_t recipients = 100;  ///< Maximum number in one transaction (RFC 5321 §4.5.3.1.8).
  RetryPolicy retry = {};
  std::uint64_t returned_octets = 1U
                                  << 20;  ///< Of a larger message, reports return only the header.
  /// For reports about forwarded mail, which are mailed themselves.
  std::chrono::seconds report_expires_after = std::chrono::hours(5 * 24);
};

}  // namespace posthorn::relay
