#pragma once

#include "admin/capability_names.h"

namespace posthorn::app {

/// Gives the administration the names of the IMAP server's capabilities.
admin::CapabilityNames capability_names();

}  // namespace posthorn::app
