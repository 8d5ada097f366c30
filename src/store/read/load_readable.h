#pragma once

#include "store/read/load.h"
#include "store/value/mailbox_damage.h"

namespace posthorn::store {

struct ReadableContents {
  LoadedContents loaded;
  MailboxDamage damage;
};

/// load_contents(), with the same `floor`, that goes on behind what it cannot read. What an
/// unreadable row of the tail stood for is taken from its page, if it was in one. The storage names
/// everything that has to go when the mailbox is written anew. Errors: unavailable.
Result<ReadableContents> load_readable_contents(engine::Engine& engine, const PartitionId& id,
                                                const Mailbox& mailbox, ModSeq floor);

}  // namespace posthorn::store
