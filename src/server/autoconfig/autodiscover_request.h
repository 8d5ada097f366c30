#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace posthorn::server::autoconfig {

/// What Outlook asks ([MS-OXDSCLI] 2.2.3): settings for an address, in a form it understands.
/// Either may be empty, as they came.
struct AutodiscoverRequest {
  std::string address;
  std::string response_schema;
};

/// Errors: syntax for what is not well-formed XML, has a document type (and so could have
/// entities), or another root element than Autodiscover. Namespaces are not looked at. Fetches
/// nothing. Bounded by the size of the body and the depth libxml2 allows.
Result<AutodiscoverRequest> parse_autodiscover(std::string_view body);

}  // namespace posthorn::server::autoconfig
