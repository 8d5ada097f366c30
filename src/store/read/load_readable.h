#pragma once

#include "store/read/load.h"
#include "store/value/mailbox_damage.h"

namespace posthorn::store {

struct ReadableContents {
  LoadedContents loaded;
  MailboxDamage damage;
};

/// Like load_contents(), with the same `floor`, but continues after data that it cannot read. For
/// an unreadable tail row, the version in the message's page is used if there is one. The returned
/// storage names everything that must be removed when the mailbox is rewritten. Blocks.
/// Errors: unavailable.
Result<ReadableContents> load_readable_contents(engine::Engine& engine, const PartitionId& id,
                                                const Mailbox& mailbox, ModSeq floor);

}  // namespace posthorn::store
