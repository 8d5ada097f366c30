#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/flags.h"
#include "base/number_set.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "store/account.h"

/// Operations on the messages of a mailbox. Each is one change of its account, which is atomic and
/// durable on return.
namespace posthorn::service {

/// The rights that flags need: "s" for \Seen, "t" for \Deleted and "w" for all others (RFC 4314
/// §4).
inline constexpr Rights kFlagRights = {Right::keep_seen, Right::delete_messages, Right::write};
/// Returns the system flags that may be changed with these rights.
SystemFlags flags_to_change(Rights rights);
/// Leaves only the flags that may be changed with these rights. Returns whether that is all.
bool keep_allowed_flags(FlagList& flags, Rights rights);

struct FlagsStored {
  store::StoreOutcome outcome;
  bool partly = false;  ///< Some of the flags were left alone.
  ModSeq modseq;        ///< The MODSEQ of the change, if there was one.
  bool changed = false;
};
struct FlagsToStore {
  MailboxRef mailbox;
  NumberSet uids;
  store::FlagOperation operation = store::FlagOperation::add;
  FlagList flags;
  std::optional<ModSeq> unchanged_since;
  /// The MODSEQ up to which the client knows flags; see StoreOutcome::raced.
  ModSeq told{UINT64_MAX};
};
/// Changes those of the flags that the user may change; the others stay as they are (RFC 4314 §4).
/// Errors: not_found, no_permission (the user may change none of the flags), limit (keywords), io,
/// unavailable.
async::Task<Result<FlagsStored>> store_flags(FlagsToStore what);

/// Removes the messages that have \Deleted among `uids`, or among all if `uids` is none. Returns
/// the removed UIDs. Errors: not_found, no_permission, io, unavailable.
async::Task<Result<NumberSet>> expunge_deleted(MailboxRef mailbox, std::optional<NumberSet> uids);

/// The result of transfer(). `pairs` are in the order of the source's UIDs.
struct Transferred {
  UidValidity uid_validity;
  std::vector<store::UidPair> pairs;
  bool changed = false;
};
enum class TransferMode : std::uint8_t { copy, move };
/// A copy or move of messages to another mailbox, which may be one of another account
/// (service/sharing/transfer_across.h).
struct Transfer {
  MailboxRef source;
  NumberSet uids;
  MailboxRef target;
  TransferMode mode = TransferMode::copy;
};
/// Copies or moves messages; from the mailbox of removed messages, see service/bring_back.h. UIDs
/// that no longer exist are ignored. Errors: not_found (the target),
/// no_permission, over_quota, limit, unavailable (the source is gone), and between accounts those
/// of reading and writing messages.
async::Task<Result<Transferred>> transfer(Transfer what);

struct MessageToAppend {
  store::NewEmail email;
  FlagList flags;
  std::optional<Timestamp> internal_date;  ///< The current time if absent.
};
struct Appended {
  UidValidity uid_validity;
  MailboxId mailbox;
  NumberSet uids;
};
/// Appends all of the messages or none (RFC 9051 §6.3.12, RFC 3502). Errors: not_found (the
/// mailbox), no_permission, over_quota, limit.
///
/// If a client has submitted a message and now appends it to \Sent, no second copy is stored: the
/// result is the copy that was filed with the submission at most `duplicate_window` ago (0 disables
/// this), and the client's flags are added to it.
async::Task<Result<Appended>> append(MailboxRef mailbox, std::vector<MessageToAppend> messages,
                                     Timestamp now, std::chrono::seconds duplicate_window = {});

/// A message that another one takes the place of.
struct Replaced {
  MailboxRef mailbox;
  Uid uid;
};
/// Appends a message as append() does, and removes the one it replaces, in one change (RFC 8508),
/// or, if the mailboxes belong to different accounts, in the steps of a move
/// (service/sharing/move_across.h). Nothing of the old message is inherited. Returns no UIDs, and
/// changes nothing, if the old message no longer exists. Errors: as append(); unavailable (its
/// mailbox is gone).
async::Task<Result<Appended>> replace(Replaced old, MailboxRef mailbox, MessageToAppend message,
                                      Timestamp now, std::chrono::seconds duplicate_window = {});

/// Judges, before messages of that size together are received, whether append() would refuse them.
/// Errors: not_found, no_permission, over_quota; unavailable (store/low_space.h).
Status may_append(const MailboxRef& mailbox, std::uint64_t octets, std::size_t messages = 1);
/// The same for replace(). The old message need not exist.
Status may_replace(const Replaced& old, const MailboxRef& mailbox, std::uint64_t octets);

}  // namespace posthorn::service
