#include "search/thread.h"

#include "async/offload.h"
#include "search/key_rows.h"
#include "search/thread_input.h"
#include "store/store.h"

namespace posthorn::search {

async::Task<Result<ThreadForest>> thread(store::AccountPtr account, store::MailboxPtr mailbox,
                                         std::vector<std::uint32_t> positions,
                                         message::ThreadAlgorithm algorithm, WorkLimit& limit,
                                         store::Unreadable* unreadable) {
  ThreadForest forest = co_await async::offload(account->store().offload(), [&] {
    Work work(limit);
    const bool links = algorithm != message::ThreadAlgorithm::ordered_subject;
    ThreadInput messages;
    for_each_keys(
        account, *mailbox, positions, work,
        [&](std::size_t i, const store::Member& member, const message::KeysView& keys) {
          ThreadInput::Message m;
          m.position = positions[i];
          m.sent = sent_seconds(member, keys);
          m.arrived = member.internal_date.seconds;
          m.base_subject = keys.base_subject();
          m.reply = keys.is_reply_or_forward();
          if (links) m.message_id = keys.message_id();
          const std::uint64_t before = messages.octets();
          messages.add(m, links ? keys.references() : message::PackedStrings());
          work.hold(messages.octets() - before);
        },
        unreadable);
    if (work.is_over()) return ThreadForest();
    switch (algorithm) {
      case message::ThreadAlgorithm::ordered_subject: return thread_by_subject(messages, work);
      case message::ThreadAlgorithm::references: return thread_by_references(messages, work);
      case message::ThreadAlgorithm::refs: return thread_by_refs(messages, work);
    }
    return ThreadForest();
  });
  if (Status done = limit.status(); !done) co_return pass(done);
  co_return forest;
}

}  // namespace posthorn::search
