#pragma once

#include "base/result.h"
#include "directory/entry.h"
#include "directory/ldap_link.h"

namespace posthorn::directory {

/// Reads an entry that a search has found. Errors: corrupt, with the DN, if it cannot be used;
/// unavailable if the server's answer is malformed.
Result<Entry> read_ldap_entry(ldap* server, ldapmsg* found, const LdapOptions& options,
                              const Asked& asked);

}  // namespace posthorn::directory
