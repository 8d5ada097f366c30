#include "app/capability_names.h"

#include "server/imap/capability.h"

namespace posthorn::app {

admin::CapabilityNames capability_names() {
  return {.spell = server::imap::capability_for_mask, .stands_on_any = server::imap::stands_on_any};
}

}  // namespace posthorn::app
