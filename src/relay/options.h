#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "client/smtp_client.h"
#include "relay/progress.h"

namespace posthorn::relay {

struct RelayOptions {
  std::string hostname;  ///< Ours, in reports.
  /// Where mail for others goes; null: nowhere, and it waits.
  std::shared_ptr<const client::SmtpEndpoint> endpoint = {};
  client::SmtpTimes times = {};
  std::size_t connections = 4;   ///< To the relay at once.
  std::size_t recipients = 100;  ///< In one transaction (RFC 5321 §4.5.3.1.8).
  RetryPolicy retry = {};
  std::uint64_t returned_octets = 1U << 20;  ///< A larger message is returned as its header only.
};

}  // namespace posthorn::relay
