#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace posthorn::app {

/// One record of a zone. Names are absolute, in ASCII, with the dot at their end.
struct DnsRecord {
  std::string name;
  std::string type;  ///< "MX", "SRV", "CNAME".
  std::string data;
  friend bool operator==(const DnsRecord&, const DnsRecord&) = default;
};

/// What clients and other mail servers look up to find this one.
struct DnsRecords {
  std::string domain;    ///< In ASCII, without the dot.
  std::string hostname;  ///< So too.
  std::vector<DnsRecord> records;
};

/// The records a domain's zone wants when this server has its mail, by what the configuration
/// offers: MX, SRV for each service (RFC 6186, RFC 8314 §5.1; with the target "." where one is not
/// offered) and the names that clients look for their settings under. Errors: bad_argument for a
/// domain that is none, and for a configured host name that others cannot look up.
Result<DnsRecords> dns_records(const config::Config& config, std::string_view domain);

}  // namespace posthorn::app
