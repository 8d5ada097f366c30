#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::server::autoconfig {

/// Outlook's request ([MS-OXDSCLI] 2.2.3): settings for an address, in a schema that it
/// understands. Values are as received; either may be empty.
struct AutodiscoverRequest {
  std::string address;
  std::string response_schema;
};

/// Parses a request. Errors: syntax if it is not well-formed XML, has a document type (and so could
/// have entities), or has a root element other than Autodiscover. Namespaces are ignored. Nothing
/// is fetched. Cost is bounded by the size of the body and the depth that libxml2 allows.
Result<AutodiscoverRequest> parse_autodiscover(std::string_view body);

}  // namespace posthorn::server::autoconfig
