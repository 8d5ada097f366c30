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
#include "store/account.h"

/// What can be done to the messages of a mailbox, each as one change of its account: durable when
/// it returns, all or nothing.
namespace posthorn::service {

/// The mailbox as now published, with its contents. Errors: not_found, io, corrupt.
async::Task<Result<store::MailboxPtr>> newest(store::AccountPtr account, MailboxId mailbox);

struct FlagsStored {
  store::StoreOutcome outcome;
  ModSeq modseq;  ///< Of the change, when there was one.
  bool changed = false;
};
struct FlagsToStore {
  MailboxId mailbox;
  NumberSet uids;
  store::FlagOperation operation = store::FlagOperation::add;
  FlagList flags;
  std::optional<ModSeq> unchanged_since;
  ModSeq told{UINT64_MAX};  ///< Up to where the client knows flags; see StoreOutcome::raced.
};
/// Errors: not_found, limit (keywords), io, unavailable.
async::Task<Result<FlagsStored>> store_flags(store::AccountPtr account, FlagsToStore what);

/// Removes those of `uids` (all, if none given) that have \Deleted. Returns the UIDs that went.
async::Task<Result<NumberSet>> expunge_deleted(store::AccountPtr account, MailboxId mailbox,
                                               std::optional<NumberSet> uids);

/// Where messages went: `pairs` are in the order of the source's UIDs.
struct Transferred {
  UidValidity uid_validity;
  std::vector<store::UidPair> pairs;
  bool changed = false;
};
enum class TransferMode : std::uint8_t { copy, move };
/// UIDs no longer there are left out. Errors: not_found (the target), over_quota, limit,
/// unavailable (the source is gone).
struct Transfer {
  MailboxId source;
  NumberSet uids;
  std::string target;
  TransferMode mode = TransferMode::copy;
};
async::Task<Result<Transferred>> transfer(store::AccountPtr account, Transfer what);

struct MessageToAppend {
  store::NewEmail email;
  FlagList flags;
  std::optional<Timestamp> internal_date;  ///< Now, when absent.
};
struct Appended {
  UidValidity uid_validity;
  MailboxId mailbox;
  NumberSet uids;
};
/// RFC 9051 §6.3.12, RFC 3502: all of them or none. Errors: not_found (the mailbox), over_quota,
/// limit.
///
/// A client that has submitted a message and now puts it into \Sent gets the copy that was filed
/// with the submission, at most `duplicate_window` ago (0: never), with its flags added to it.
async::Task<Result<Appended>> append(store::AccountPtr account, std::string mailbox,
                                     std::vector<MessageToAppend> messages, Timestamp now,
                                     std::chrono::seconds duplicate_window = {});

}  // namespace posthorn::service
