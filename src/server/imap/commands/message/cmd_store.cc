#include <algorithm>
#include <utility>

#include "server/imap/commands.h"
#include "server/imap/fetch/fetch_row.h"
#include "server/imap/progress.h"
#include "server/imap/session.h"
#include "service/messages.h"
#include "service/rows.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;

store::FlagOperation operation_of(wi::StoreCommand::Mode mode) {
  switch (mode) {
    case wi::StoreCommand::Mode::replace: return store::FlagOperation::replace;
    case wi::StoreCommand::Mode::add: return store::FlagOperation::add;
    case wi::StoreCommand::Mode::remove: return store::FlagOperation::remove;
  }
  return store::FlagOperation::add;
}

/// Sends the current flags. `.SILENT` suppresses the flags but not MODSEQ (RFC 7162 §3.1.3), and
/// not the flags that somebody else had changed without the client's knowledge: `raced` (RFC 9051
/// §6.4.6: "without a race condition").
Task<Status> say_rows(Session& session, const wi::StoreCommand& command, NumberSet seqnums,
                      const store::Mailbox& now, const NumberSet& raced) {
  constexpr std::size_t kBatch = 1024;
  service::RowReader reader(session.selected->told(), session.selected->mailbox.flags(now),
                            std::move(seqnums));
  RowWriter writer(session, now);
  writer.with_uid = command.numbering == wi::Numbering::uid || session.enabled.condstore;
  std::vector<service::Row> rows;
  while (reader.next(rows, kBatch)) {
    for (const service::Row& row : rows) {
      writer.with_flags = !command.silent || raced.contains(row.member.uid.value);
      if (writer.with_flags || session.enabled.condstore)
        writer.write_flags(row.seqnum, row.member.uid, row.flags);
    }
    if (!session.connection.is_full()) continue;
    if (auto flushed = co_await session.connection.flush(); !flushed) co_return pass(flushed);
  }
  co_return Status();
}

Reply reply_of(const Session& session, const wi::StoreCommand& command,
               const store::StoreOutcome& outcome) {
  if (!outcome.modified.empty()) {
    const bool by_uid = command.numbering == wi::Numbering::uid;
    return Reply::ok(
        "Some of the messages have changed and were not updated",
        wi::code::Modified{by_uid ? outcome.modified
                                  : session.selected->told().seqnums_of(outcome.modified)});
  }
  // RFC 2180 §4.2.1, RFC 5530 §3. For UID STORE this is not an error.
  if (!outcome.missing.empty() && command.numbering == wi::Numbering::seqnum) {
    return Reply::ok("Some of the messages no longer exist", wi::CodeName::expunge_issued);
  }
  return Reply::ok();
}

}  // namespace

// RFC 9051 §6.4.6, RFC 7162 §3.1.3.
CommandTask cmd_store(Session& session, wi::StoreCommand& command) {
  const Selected& selected = *session.selected;
  if (selected.is_read_only()) {
    co_return Reply::no("The mailbox is open read-only", wi::CodeName::no_perm);
  }
  auto seqnums = selected.resolve(command.set, command.numbering);
  if (!seqnums) co_return session.refuse(seqnums.error());
  if (command.unchanged_since) session.enable_condstore();
  if (seqnums->empty()) co_return Reply::ok();

  service::FlagsToStore what;
  what.mailbox = selected.mailbox;
  what.uids = selected.told().uids_of(*seqnums);
  what.operation = operation_of(command.mode);
  what.flags = std::move(command.flags);
  what.unchanged_since = command.unchanged_since;
  what.told = selected.cursor.told_flags();
  Progress progress(session);
  auto stored = co_await service::store_flags(std::move(what));
  co_await progress.finish();
  if (!stored) co_return session.refuse(stored.error());
  auto now = co_await service::newest(selected.mailbox);
  if (!now) co_return session.refuse(now.error());

  // Keywords are announced before flags that use them; the flags are sent here only, not again by
  // tell().
  session.tell_keywords(**now);
  // Not remembered if flags are not told at all (RFC 5465), since it would be for ever.
  const bool tells_flags = !session.notifications || (session.notifications->of_selected() &
                                                      bit(service::Telling::flags)) != 0;
  if (stored->changed && tells_flags) session.selected->cursor.told_change(stored->modseq);
  const NumberSet left_alone =
      selected.told().seqnums_of(stored->outcome.modified.unite(stored->outcome.missing));
  // What the user could not change of what he asked for is as unexpected as what another changed.
  const NumberSet& raced =
      stored->partly ? selected.told().uids_of(*seqnums) : stored->outcome.raced;
  if (!command.silent || session.enabled.condstore || !raced.empty()) {
    auto said = co_await say_rows(session, command, seqnums->subtract(left_alone), **now, raced);
    if (!said) co_return session.lost();
  }
  co_return reply_of(session, command, stored->outcome);
}

}  // namespace posthorn::server::imap
