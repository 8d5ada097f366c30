#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace posthorn::app {

/// One record of a zone. Names are absolute, in ASCII, with a final dot.
struct DnsRecord {
  std::string name;
  std::string type;  ///< "MX", "SRV", "CNAME".
  std::string data;
  friend bool operator==(const DnsRecord&, const DnsRecord&) = default;
};

/// The records by which clients and other mail servers find this server.
struct DnsRecords {
  std::string domain;    ///< In ASCII, without the final dot.
  std::string hostname;  ///< Likewise.
  std::vector<DnsRecord> records;
};

/// Returns the records that a domain's zone needs if this server has its mail, according to the
/// configuration: MX, SRV for each service (RFC 6186, RFC 8314 §5.1; with the target "." for one
/// that is not offered) and the names under which clients look for their settings. Errors:
/// bad_argument for an invalid domain, and for a configured host name that others cannot resolve.
Result<DnsRecords> dns_records(const config::Config& config, std::string_view domain);

}  // namespace posthorn::app
