#include <array>
#include <vector>

#include "server/imap/commands.h"
#include "server/imap/session.h"
#include "store/value/limits.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;

/// The only quota root: the account.
constexpr std::string_view kRoot;

/// A resource without a limit is not listed. The number of mailboxes always has one, so that the
/// list is never empty, for which the grammar has no form (RFC 9208 §7).
void say_quota(Session& session, const store::AccountPtr& account) {
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
  resources.push_back({"MAILBOX", state->mailboxes.size(), store::kMaxMailboxes});
  auto w = session.writer();
  wi::format_quota(w, kRoot, resources);
}

}  // namespace

// RFC 9208 §4.1.1.
CommandTask cmd_getquota(Session& session, wi::GetQuotaCommand& command) {
  if (command.root != kRoot) co_return Reply::no("No such quota root", wi::CodeName::nonexistent);
  say_quota(session, session.account);
  co_return Reply::ok();
}

// RFC 9208 §4.1.2. A mailbox that does not exist has the roots that it would be created with.
CommandTask cmd_getquotaroot(Session& session, wi::GetQuotaRootCommand& command) {
  const service::Caller caller = session.caller();
  const auto account = service::account_for(caller, command.mailbox);
  if (!account) co_return session.refuse(account.error());
  // RFC 9208 §6: the usage tells how much is in the mailbox.
  if (const auto mailbox = service::resolve(caller, command.mailbox)) {
    if (Status allowed = service::require(*mailbox, service::Right::read); !allowed)
      co_return session.refuse(allowed.error());
  }
  constexpr std::array<std::string_view, 1> roots = {kRoot};
  {
    auto w = session.writer();
    wi::format_quotaroot(w, command.mailbox, roots);
  }
  say_quota(session, *account);
  co_return Reply::ok();
}

// RFC 9208 §4.1.3: limits are the operator's. QUOTASET is therefore not offered.
CommandTask cmd_setquota(Session&, wi::SetQuotaCommand&) {
  co_return Reply::no("Only an administrator can change quotas", wi::CodeName::no_perm);
}

}  // namespace posthorn::server::imap
