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
    std::vector<ThreadInput> messages(positions.size());
    for_each_keys(account, *mailbox, positions,
                  [&](std::size_t i, const store::Member& member, const message::KeysView& keys) {
                    ThreadInput& m = messages[i];
                    m.position = positions[i];
                    m.sent = sent_seconds(member, keys);
                    m.base_subject = keys.base_subject();
                    m.reply = keys.is_reply_or_forward();
                    if (!links) return;
                    m.message_id = keys.message_id();
                    for (const std::string_view id : keys.references())
                      m.references.emplace_back(id);
                  });
    return links ? thread_by_references(std::move(messages))
                 : thread_by_subject(std::move(messages));
  });
}

}  // namespace posthorn::index
