#include "service/mailboxes.h"

#include <string_view>
#include <utility>
#include <vector>

#include "store/upkeep/damage_log.h"

namespace posthorn::service {
namespace {

using async::Task;
using store::Change;

constexpr std::string_view kInbox = "INBOX";

Status as_status(Result<bool> changed) { return changed ? Status() : pass(changed); }

/// Moves the subscriptions with the mailboxes. RFC 9051 §6.3.6 leaves this open.
Status move_subscriptions(Change& change, const std::string& from, const std::string& to) {
  std::vector<std::string> moved;
  for (const std::string& name : *change.state().subscriptions)
    if (name == from || name.starts_with(from + store::kDelimiter)) moved.push_back(name);
  for (const std::string& name : moved) {
    if (auto done = change.unsubscribe(name); !done) return pass(done);
    if (auto done = change.subscribe(to + name.substr(from.size())); !done) return pass(done);
  }
  return {};
}

Task<Status> delete_loaded(Caller caller, std::string name, MailboxId id) {
  auto receipt = co_await caller.account->change(caller.actor, {id}, [&](Change& change) -> Status {
    if (Status done = change.delete_mailbox(name); !done) return done;
    return as_status(change.unsubscribe(name));
  });
  co_return receipt ? Status() : pass(receipt);
}

}  // namespace

std::string without_delimiter_at_end(std::string name) {
  if (name.size() > 1 && name.back() == store::kDelimiter) name.pop_back();
  return name;
}

bool can_create_for(store::SpecialUses uses) {
  return (uses & (bit(store::SpecialUse::all) | bit(store::SpecialUse::flagged))) == 0;
}

Task<Result<MailboxRef>> create_mailbox(Caller caller, std::string name, store::SpecialUses uses) {
  if (!can_create_for(uses))
    co_return fail(ErrorKind::no_permission, "No mailbox can be created for that use");
  const store::NewMailbox wanted{without_delimiter_at_end(std::move(name)), uses, true};
  auto made = co_await caller.account->change(
      caller.actor, {}, [&](Change& change) { return change.create_mailbox(wanted); });
  if (!made) co_return pass(made);
  co_return MailboxRef{caller.account, made->value, caller.actor, Rights::all()};
}

Task<Status> delete_mailbox(Caller caller, std::string name) {
  auto mailbox = resolve(caller, name);
  if (!mailbox) co_return pass(mailbox);
  Status done = co_await delete_loaded(caller, name, mailbox->id);
  if (done || name == kInbox || !store::is_damage(done.error().kind)) co_return done;
  auto readable = co_await caller.account->load_readable(mailbox->id);
  if (!readable) co_return pass(readable);
  done = co_await delete_loaded(caller, name, mailbox->id);
  // Otherwise all sessions would continue to see the mailbox without its unreadable messages.
  if (!done) (void)co_await caller.account->forget_contents();
  co_return done;
}

Task<Status> rename_mailbox(Caller caller, std::string from, std::string to) {
  to = without_delimiter_at_end(std::move(to));
  // Only renaming INBOX needs contents. A level without a mailbox of its own can be renamed too.
  std::vector<MailboxId> needs;
  if (const auto mailbox = resolve(caller, from)) needs.push_back(mailbox->id);
  auto receipt = co_await caller.account->change(
      caller.actor, std::move(needs), [&](Change& change) -> Status {
        if (Status done = change.rename_mailbox(from, to); !done) return done;
        // INBOX itself and the mailboxes below it keep their names.
        if (from != kInbox)
          if (Status done = move_subscriptions(change, from, to); !done) return done;
        return as_status(change.subscribe(to));
      });
  co_return receipt ? Status() : pass(receipt);
}

Task<Status> subscribe(Caller caller, std::string name) {
  auto receipt = co_await caller.account->change(
      caller.actor, {}, [&](Change& change) { return as_status(change.subscribe(name)); });
  co_return receipt ? Status() : pass(receipt);
}

Task<Status> unsubscribe(Caller caller, std::string name) {
  auto receipt = co_await caller.account->change(
      caller.actor, {}, [&](Change& change) { return as_status(change.unsubscribe(name)); });
  co_return receipt ? Status() : pass(receipt);
}

Task<Status> ensure_mailbox(Caller caller, std::string name) {
  auto receipt = co_await caller.account->change(caller.actor, {}, [&](Change& change) -> Status {
    if (change.state().find(name)) return as_status(change.subscribe(name));
    auto made = change.create_mailbox({.name = name, .subscribe = true});
    return made ? Status() : pass(made);
  });
  co_return receipt ? Status() : pass(receipt);
}

}  // namespace posthorn::service
