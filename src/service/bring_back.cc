#include "service/bring_back.h"

#include <utility>
#include <vector>

#include "async/wait.h"
#include "service/sharing/transfer_across.h"
#include "store/read/removed.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using async::Task;
using store::Change;

/// What is to be put back, in the order of the source's UIDs.
struct Found {
  std::vector<store::RemovedMessage> messages;
  std::vector<Uid> uids;
};

Found find(const store::Mailbox& source, const NumberSet& uids, Rights rights) {
  Found found;
  const store::Members& members = source.contents->members();
  for (const std::uint32_t position : members.positions_of(uids)) {
    const store::FlagState flags = source.contents->flags_at(position);
    store::RemovedMessage message{members.at(position),
                                  {flags.system, source.keywords->names_of(flags.keywords)}};
    found.uids.push_back(message.member.uid);
    // RFC 4314 §4: flags that the user may not set there are left out.
    keep_allowed_flags(message.flags, rights);
    found.messages.push_back(std::move(message));
  }
  return found;
}

Result<Transferred> put_back(Change& change, const Found& found, MailboxId into) {
  const store::MailboxPtr target = change.state().find(into);
  if (target == nullptr) return no_such_mailbox();
  Transferred done{target->head.uid_validity, {}};
  Uid next = target->head.uid_next;
  if (Status restored = change.restore(into, found.messages); !restored) return pass(restored);
  for (const Uid uid : found.uids) {
    done.pairs.push_back({uid, next});
    ++next;
  }
  return done;
}

}  // namespace

Task<Result<Transferred>> bring_back(Transfer what) {
  if (Status allowed = require(what.source, Right::read); !allowed) co_return pass(allowed);
  if (Status allowed = require(what.target, Right::insert); !allowed) co_return pass(allowed);
  const store::AccountPtr account = what.source.account;
  if (account->id() != what.target.account->id()) {
    if (what.mode == TransferMode::copy) co_return co_await transfer_across(std::move(what));
    co_return fail(
        ErrorKind::no_permission,
        "Deleted messages can be moved to mailboxes of your own only; copy them instead");
  }
  engine::Engine& engine = account->store().engine();
  const auto horizon = co_await store::read_content_horizon(engine, account->id());
  if (!horizon) co_return std::unexpected(horizon.error());
  const auto source = co_await newest(what.source);
  // Not `not_found`, which is about the target and makes a client create it.
  if (!source && source.error().kind == ErrorKind::not_found)
    co_return fail(ErrorKind::unavailable, "Deleted messages are not shown any more");
  if (!source) co_return std::unexpected(source.error());
  const Found found = find(**source, what.uids, what.target.rights);
  if (found.messages.empty()) co_return Transferred{};
  // Upkeep drops content in a change of its own, so nothing is dropped while this one is computed.
  const auto compute = [&](Change& change) -> Result<Transferred> {
    const auto now = async::wait(store::read_content_horizon(engine, account->id()));
    if (!now) return std::unexpected(now.error());
    if (*now != *horizon)
      return fail(ErrorKind::unavailable, "Old mail is being removed just now; please try again");
    return put_back(change, found, what.target.id);
  };
  auto done = co_await account->change(what.target.actor, {}, compute, store::ChangeWeight::heavy);
  if (!done) co_return pass(done);
  done->value.changed = done->changed;
  co_return std::move(done->value);
}

}  // namespace posthorn::service
