#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "service/sharing/find.h"
#include "store/read/object_ids.h"
#include "store/value/limits.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;

/// The quota root of the user's own account.
constexpr std::string_view kRoot;

/// The quota root of an account: of somebody else's, a name that says nothing.
std::string root_of(const Session& session, const store::AccountPtr& account) {
  if (account->id() == session.account->id()) return std::string(kRoot);
  return "shared/" + account->object_ids().mailbox(MailboxId(0));
}

/// The mailboxes of an account that the user may know of: of somebody else's account, those that
/// are shared with the user, since the number of all would tell how many are not.
std::size_t count_visible(const Session& session, const store::AccountPtr& account,
                          const service::SharedMailboxes& shared) {
  if (account->id() == session.account->id()) return account->published()->mailboxes.size();
  return static_cast<std::size_t>(
      std::ranges::count_if(shared.mailboxes, [&](const service::SharedMailbox& one) {
        return one.mailbox.account->id() == account->id();
      }));
}

/// A resource without a limit is not listed. The number of mailboxes always has one, so that the
/// list is never empty, for which the grammar has no form (RFC 9208 §7).
void say_quota(Session& session, const store::AccountPtr& account, std::size_t mailboxes) {
  const store::StatePtr state = account->published();
  const store::AccountCounters& counters = state->counters;
  std::vector<wi::QuotaResource> resources;
  // RFC 9208 §5.1: in units of 1,024 octets.
  if (counters.quota.max_bytes != 0) {
    resources.push_back(
        {"STORAGE", (counters.bytes + 1023) / 1024, counters.quota.max_bytes / 1024});
  }
  if (counters.quota.max_messages != 0) {
    resources.push_back({"MESSAGE", counters.messages, counters.quota.max_messages});
  }
  resources.push_back({"MAILBOX", mailboxes, store::kMaxMailboxes});
  auto w = session.writer();
  wi::format_quota(w, root_of(session, account), resources);
}

}  // namespace

// RFC 9208 §4.1.1.
CommandTask cmd_getquota(Session& session, wi::GetQuotaCommand& command) {
  if (command.root == kRoot) {
    say_quota(session, session.account, session.account->published()->mailboxes.size());
    co_return Reply::ok();
  }
  const auto shared = co_await service::shared_mailboxes(session.caller());
  if (!shared) co_return session.refuse(shared.error());
  for (const service::SharedMailbox& one : shared->mailboxes) {
    // RFC 9208 §6.
    if (!one.mailbox.rights.has(service::Right::read) ||
        root_of(session, one.mailbox.account) != command.root)
      continue;
    say_quota(session, one.mailbox.account, count_visible(session, one.mailbox.account, *shared));
    co_return Reply::ok();
  }
  co_return Reply::no("No such quota root", wi::CodeName::nonexistent);
}

// RFC 9208 §4.1.2. A mailbox that does not exist has the roots that it would be created with.
CommandTask cmd_getquotaroot(Session& session, wi::GetQuotaRootCommand& command) {
  store::AccountPtr account = session.account;
  const auto place = co_await service::place_of(session.caller(), command.mailbox);
  const bool may_not_exist = place && place->is_own(session.caller());
  // RFC 9208 §6: the usage tells how much is in the mailbox.
  const auto mailbox = co_await session.find(command.mailbox, command.kSpec);
  if (mailbox) account = mailbox->account;
  if (!mailbox && !(may_not_exist && mailbox.error().kind == ErrorKind::not_found))
    co_return session.refuse(mailbox.error());
  service::SharedMailboxes shared;
  if (account->id() != session.account->id()) {
    auto found = co_await service::shared_mailboxes(session.caller());
    if (!found) co_return session.refuse(found.error());
    shared = std::move(*found);
  }
  const std::string root = root_of(session, account);
  const std::array<std::string_view, 1> roots = {root};
  {
    auto w = session.writer();
    wi::format_quotaroot(w, command.mailbox, roots);
  }
  say_quota(session, account, count_visible(session, account, shared));
  co_return Reply::ok();
}

// RFC 9208 §4.1.3: limits are the operator's. QUOTASET is therefore not offered.
CommandTask cmd_setquota(Session&, wi::SetQuotaCommand&) {
  co_return Reply::no("Only an administrator can change quotas", wi::CodeName::no_perm);
}

}  // namespace posthorn::server::imap
