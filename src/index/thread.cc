#include "index/thread.h"

#include "async/offload.h"
#include "index/key_rows.h"
#include "index/thread_input.h"
#include "store/store.h"

namespace posthorn::index {

async::Task<ThreadForest> thread(store::AccountPtr account, store::MailboxPtr mailbox,
                                 std::vector<std::uint32_t> positions,
                                 message::ThreadAlgorithm algorithm) {
  co_return co_await async::offload(account->store().offload(), [&] {
    const bool links = algorithm == message::ThreadAlgorithm::references;
    ThreadInput messages;
    for_each_keys(account, *mailbox, positions,
                  [&](std::size_t i, const store::Member& member, const message::KeysView& keys) {
                    ThreadInput::Message m;
                    m.position = positions[i];
                    m.sent = sent_seconds(member, keys);
                    m.base_subject = keys.base_subject();
                    m.reply = keys.is_reply_or_forward();
                    if (links) m.message_id = keys.message_id();
                    messages.add(m, links ? keys.references() : message::PackedStrings());
                  });
    return links ? thread_by_references(messages) : thread_by_subject(messages);
  });
}

}  // namespace posthorn::index
