#pragma once

#include <optional>

#include "async/task.h"
#include "base/result.h"
#include "service/sending/sending_rules.h"
#include "store/account.h"
#include "store/value/email.h"

/// Copies of what members of a team send as it.
namespace posthorn::service {

/// A message for the \Sent of a team, stored for its account.
struct TeamCopy {
  store::AccountPtr team;
  store::NewEmail email;
};

struct TeamSent {
  store::FiledCopy copy;
  bool fresh = false;  ///< Filed by this call; otherwise it was there.
};

/// Files the copy, as read by every member. If the same message has been filed within the window,
/// by a submission or by a client, no other is filed: a client that lost the connection submits it
/// again. Returns none if the team wants no copies or has no room for it. Errors: limit, io,
/// unavailable.
async::Task<Result<std::optional<TeamSent>>> file_for_team(TeamCopy copy, SendingRules rules);

/// Removes a copy that was filed a moment ago, because the message was not accepted after all.
async::Task<void> take_back(store::AccountPtr team, store::FiledCopy copy);

}  // namespace posthorn::service
