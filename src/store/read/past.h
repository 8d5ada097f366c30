#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/number_set.h"
#include "base/result.h"
#include "engine/engine.h"
#include "store/format/codec.h"
#include "store/value/account_state.h"

/// What an account was at an earlier time, as the difference from what it is.
namespace posthorn::store {

/// The difference of one mailbox. Keywords are indexes into the mailbox's table: that of the
/// present mailbox, or that of `was`.
struct PastMailbox {
  /// The name that it had, if it has another one, or does not exist, now.
  std::optional<std::string> name;
  bool created = false;               ///< It did not exist then.
  std::optional<DeletedMailbox> was;  ///< It was deleted since.
  bool deleted = false;               ///< The same; without `was` if an older version deleted it.
  struct Flags {
    SystemFlags system = 0;
    std::vector<std::uint16_t> keywords;
  };
  /// The flags that messages had which are still there, by UID. They may be those of now.
  std::map<std::uint32_t, Flags> flags;
  /// The messages that were there and are not now, by UID, as they were.
  std::map<std::uint32_t, StoredRow> gone;
  NumberSet came;  ///< The UIDs that were not there yet. Some may be gone again.
};

struct Past {
  std::map<MailboxId, PastMailbox> mailboxes;  ///< Those of which something may be different.
  /// Some mailboxes were renamed by changes that do not tell how they were called.
  bool names_cut = false;
};

/// More messages than this that were changed or removed are an error of kind `limit`.
inline constexpr std::size_t kMaxPastMessages = 1'000'000;

/// Reads the history and undoes all changes after a time (seconds since 1970): those of that second
/// remain. `now` is the present state with the contents of all mailboxes; if the history goes on
/// beyond it, the error is conflict. Decodes in place, so it must not run on a loop's thread.
/// What an account does not record is not undone: subscriptions, annotations, access control lists,
/// and names that older versions changed.
/// Errors: not_found (the history does not reach back to `time`; the text says so), limit,
/// conflict, corrupt, those of the engine. `kept_from` is the time since which nothing can have
/// been dropped from the history.
async::Task<Result<Past>> read_past(engine::Engine& engine, StatePtr now, std::int64_t time,
                                    std::int64_t kept_from);

}  // namespace posthorn::store
