#pragma once

#include <cstdint>
#include <optional>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"

namespace posthorn::store {

struct FilterStep;
struct PreparedChange;

/// Keeps an account's stored form compact while the account is in use: packs tails into chunk
/// pages, and single messages into groups, and makes search filters for these, and has the text of
/// their attachments extracted where that is searched. Clients see no change. Runs on the account's
/// home loop.
class Maintenance {
 public:
  /// Bounds the cost of opening a mailbox: its pages and about this many rows are read.
  static constexpr std::uint32_t kMaxTailRows = 4096;

  static bool is_due(const Account& account);
  static async::Task<void> run(AccountPtr account);
  /// Asks for filters to be made where they are missing or cannot be used. Thread: any.
  static void request(const AccountPtr& account);

 private:
  static bool pack_is_due(const Account& account);
  static async::Task<Status> checkpoint(Account& account, MailboxId mailbox);
  static async::Task<Status> pack(Account& account);
  /// Rewrites the digests of a group.
  static async::Task<Status> renew(Account& account, Ordinal first);
  static bool filters_are_due(const Account& account);
  static bool is_outdated(const AccountState& now, std::uint64_t layout);
  /// Takes the pipeline, and begins a commit after which the account is what it was for clients.
  /// Returns none, without the pipeline, if the plan is outdated.
  static async::Task<std::optional<PreparedChange>> begin(Account& account, std::uint64_t layout);
  /// Takes the next step towards a filter for every group.
  static async::Task<Status> filter(AccountPtr account);
  /// The part of such a step that is about the text of attachments. `layout` is that of the version
  /// that the step was planned from.
  static async::Task<Status> texts(AccountPtr account, const FilterStep& step,
                                   std::uint64_t layout);
};

}  // namespace posthorn::store
