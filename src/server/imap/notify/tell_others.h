#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "server/imap/notify/notifications.h"
#include "server/imap/session.h"
#include "service/account_news.h"
#include "service/list.h"
#include "service/metadata.h"

namespace posthorn::server::imap {

/// What has changed in an account since the client was last told.
struct AccountNews {
  store::AccountPtr account;
  Notifications::Whose whose = Notifications::Whose::own;
  /// With the names that the client may know, as it writes them.
  store::StatePtr before;
  store::StatePtr now;
  std::vector<service::ChangedName> names = {};
  struct Changed {
    service::ChangedMailbox mailbox;
    std::string name;  ///< As the client writes it.
  };
  std::vector<Changed> mailboxes = {};
  struct Annotated {
    MailboxId mailbox;
    std::string name;  ///< As the client writes it.
    std::vector<service::MetadataEntry> entries;
  };
  /// The changed annotations of others' mailboxes, of those that the client may read and could read
  /// when it was last told. Those of the own account are told by tell_metadata().
  std::vector<Annotated> annotated = {};
};

/// Begins to watch the accounts that share with the user, if `notify` can be about them. What is
/// there now counts as told. Errors: limit (OthersTold::kMostAccounts); those of reading the list
/// of who grants what.
async::Task<Status> watch_others(Session& session, Notifications& notify);
/// The same for any use of what is told of others. After the error limit, as many are watched as
/// may be.
async::Task<Status> watch_others(Session& session, OthersTold& others);

/// Returns what has changed in the accounts of others; it counts as told then. Mailboxes are those
/// that the client may look up and read now: of one that it could not read before, nothing was
/// known, and what had been done to its annotations is not told. Errors: as watch_others().
async::Task<Result<std::vector<AccountNews>>> news_of_others(Session& session);

/// Returns only the changed annotations, by the names in `own`, the state of the user's account;
/// they count as told then. Errors: as watch_others().
async::Task<Result<std::vector<AccountNews>>> annotations_of_others(Session& session,
                                                                    OthersTold& others,
                                                                    const store::AccountState& own);

/// Returns what is to be listed of a name that is none of the account itself, in the state that was
/// told.
service::ListEntry entry_of_other(const Session& session, std::string_view name);
/// Returns whether the user has any right on a mailbox that may not be looked up.
bool has_other_right(const Session& session, std::string_view name);

/// Calls f(account, name, mailbox) for the mailboxes of others of whose messages the client may be
/// told, in the state that was told, ascending by name for each account.
template <class F>
void for_each_of_others(const Session& session, F&& f) {
  const auto& others = session.notifications->others;
  if (!others) return;
  const service::Caller caller = session.caller();
  for (const auto& [id, one] : others->accounts) {
    if (!one.told) continue;
    const store::StatePtr view = service::view_of(caller, one.sharing, *one.told, *others->policy,
                                                  *session.notifications->told);
    for (const auto& [name, mailbox] : *view->names)
      if (service::may_be_told(caller, *one.told, *others->policy, mailbox))
        f(one.sharing.account, name, view->find(mailbox));
  }
}

}  // namespace posthorn::server::imap
