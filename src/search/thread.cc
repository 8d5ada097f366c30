#include "search/thread.h"

#include <string>

#include "message/digest/key_texts.h"
#include "search/in_turns.h"
#include "search/key_rows.h"
#include "search/thread_input.h"
#include "store/store.h"

namespace posthorn::search {

async::Task<Result<ThreadForest>> thread(store::AccountPtr account, store::MailboxPtr mailbox,
                                         std::vector<std::uint32_t> positions,
                                         message::ThreadAlgorithm algorithm, WorkLimit& limit,
                                         store::Unreadable* unreadable, text::Collation collation) {
  ThreadForest forest = co_await in_one_turn(account, [&] {
    Work work(limit);
    const bool links = algorithm != message::ThreadAlgorithm::ordered_subject;
    // Digests have only folded texts: for other comparators they are taken from the header.
    const bool folds = collation == text::Collation::unicode_casemap;
    store::Columns read = bit(store::Column::keys);
    if (!folds) read |= bit(store::Column::header);
    ThreadInput messages;
    std::string subject;
    for_each_keys(
        account, *mailbox, positions, read, work,
        [&](const KeyRow& row) {
          const message::KeysView& keys = row.keys;
          ThreadInput::Message m;
          m.position = positions[row.index];
          m.sent = sent_seconds(row.member, keys);
          m.arrived = row.member.internal_date.seconds;
          m.base_subject = keys.base_subject();
          if (!folds) {
            subject = text::collate(collation, message::KeyTexts(row.header).base_subject().text);
            m.base_subject = subject;
          }
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
