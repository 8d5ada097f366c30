#include <utility>

#include "server/imap/commands.h"
#include "server/imap/progress.h"
#include "server/imap/session.h"
#include "service/messages.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;

struct Plan {
  service::TransferMode mode;
  const SequenceSet& set;
  wi::Numbering numbering;
  std::string target;  ///< Name of the mailbox.
};

/// RFC 4315 §3. If nothing was copied, there is no code: an empty COPYUID is not grammatical, and a
/// NO would make Apple Mail retry for ever.
wi::Code copy_uid(const service::Transferred& done) {
  if (done.pairs.empty()) return {};
  wi::code::CopyUid code;
  code.uid_validity = done.uid_validity;
  for (const store::UidPair& pair : done.pairs) {
    code.from.add(pair.source.value);
    code.to.add(pair.target.value);
  }
  return code;
}

/// RFC 9051 §6.4.7: a client may create a target that does not exist.
Task<Reply> refuse(Session& session, std::string target, Error error) {
  if (error.kind != ErrorKind::not_found || !co_await session.may_create(std::move(target)))
    co_return session.refuse(error);
  co_return Reply::no("No such mailbox", wi::CodeName::try_create);
}

Task<Reply> run(Session& session, Plan plan) {
  auto seqnums = session.selected->resolve(plan.set, plan.numbering);
  if (!seqnums) co_return session.refuse(seqnums.error());
  service::Transfer what;
  what.mode = plan.mode;
  what.source = session.selected->mailbox;
  what.uids = session.selected->told().uids_of(*seqnums);
  auto target = co_await session.find(plan.target, wi::CopyCommand::kSpec);
  if (!target) co_return co_await refuse(session, std::move(plan.target), target.error());
  // RFC 9051 §7.1: COPYUID is not for who may not read the target.
  const bool tells_uids = session.may_use("UIDPLUS") && target->rights.has(service::Right::read);
  what.target = std::move(*target);
  const Notifications::Place place{what.target.account->id(), what.target.id};
  if (what.uids.empty()) co_return Reply::ok("None of these messages exists");
  Progress progress(session);
  auto done = co_await service::transfer(std::move(what));
  co_await progress.finish();
  if (!done) co_return co_await refuse(session, std::move(plan.target), done.error());
  if (session.notifications) {
    NumberSet added;
    for (const store::UidPair& pair : done->pairs) added.add(pair.target.value);
    session.notifications->note_own(place, added);
  }
  wi::Code code = tells_uids ? copy_uid(*done) : wi::Code();
  if (plan.mode == service::TransferMode::copy) co_return Reply::ok({}, std::move(code));
  // RFC 6851 §4.3: before the EXPUNGE responses.
  if (!std::holds_alternative<std::monostate>(code))
    session.say(wi::Condition::ok, code, "Messages moved");
  co_return Reply::ok();
}

}  // namespace

// RFC 9051 §6.4.7.
CommandTask cmd_copy(Session& session, wi::CopyCommand& command) {
  return run(session, {service::TransferMode::copy, command.set, command.numbering,
                       std::move(command.mailbox)});
}

// RFC 9051 §6.4.8.
CommandTask cmd_move(Session& session, wi::MoveCommand& command) {
  if (session.selected->is_read_only() && !session.selected->brings_back) {
    co_return Reply::no("The mailbox is open read-only", wi::CodeName::no_perm);
  }
  co_return co_await run(session, {service::TransferMode::move, command.set, command.numbering,
                                   std::move(command.mailbox)});
}

}  // namespace posthorn::server::imap
