#include "service/sharing/move_across.h"

#include <utility>

#include "store/format/keys.h"
#include "store/store.h"
#include "store/value/move_out.h"

namespace posthorn::service {

using async::Task;
using store::Change;

MoveAcross::MoveAcross(MailboxRef source, NumberSet uids, MailboxRef target)
    : source_(std::move(source)), uids_(std::move(uids)), target_(std::move(target)) {}

Task<Status> MoveAcross::begin() {
  auto noted =
      co_await source_.account->change(source_.actor, {}, [&](Change& change) -> Result<Seq> {
        return change.begin_move({Seq(), target_.account->id(), source_.id, uids_});
      });
  if (!noted) co_return pass(noted);
  id_ = noted->value;
  co_return Status();
}

void MoveAcross::mark(Change& change) const {
  change.set_intent(store::intent_of(source_.account->id(), id_));
}

Task<void> MoveAcross::give_up(const Error& why) {
  // A commit whose end is not known may have stored the messages. Then the note has to stay.
  if (why.kind != ErrorKind::io && why.kind != ErrorKind::unavailable) co_await forget();
}

/// If it fails, the note says nothing that is untrue, and is removed when the account is opened.
Task<void> MoveAcross::forget() {
  (void)co_await source_.account->change(source_.actor, {}, [&](Change& change) -> Status {
    change.end_move(id_);
    return {};
  });
}

Task<Result<NumberSet>> MoveAcross::remove_originals() {
  auto done = co_await source_.account->change(source_.actor, {source_.id},
                                               [&](Change& change) -> Result<NumberSet> {
                                                 if (!change.state().find(source_.id)) {
                                                   // It was deleted with the messages in it. The
                                                   // copies are what is left of them.
                                                   change.end_move(id_);
                                                   return uids_;
                                                 }
                                                 auto gone = change.expunge(source_.id, uids_);
                                                 if (gone && gone->count() == uids_.count())
                                                   change.end_move(id_);
                                                 return gone;
                                               });
  if (!done) co_return pass(done);
  NumberSet missing = uids_.subtract(done->value);
  if (missing.empty()) co_return missing;
  const auto note = co_await source_.account->store().engine().get_row(source_.account->id(),
                                                                       store::keys::move_out(id_));
  if (!note) co_return std::unexpected(note.error());
  // Without the note, another process took this one for dead, and has finished the move itself.
  co_return *note ? std::move(missing) : NumberSet();
}

Task<Status> MoveAcross::take_back(NumberSet copies) {
  auto done =
      co_await target_.account->change(target_.actor, {target_.id}, [&](Change& change) -> Status {
        auto gone = change.expunge(target_.id, copies);
        return gone ? Status() : pass(gone);
      });
  co_await forget();
  // The target was deleted with the copies in it.
  if (!done && done.error().kind != ErrorKind::not_found) co_return pass(done);
  co_return Status();
}

}  // namespace posthorn::service
