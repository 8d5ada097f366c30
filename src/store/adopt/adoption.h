#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "async/task.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/adopt/account_part.h"
#include "store/store.h"

/// Bringing an account back out of a copy of this store: as it was there, with its identity and all
/// of its numbers.
///
/// A client may keep what it knows of a mailbox as long as the UIDVALIDITY is the same, and a UID
/// then means the same message with the same EMAILID (RFC 9051 §2.3.1.1, RFC 8474 §5.1). A message
/// that is added to an account that exists cannot have its old EMAILID any more, and a UID that a
/// client was told is gone must not come back. So UIDs are kept only where nobody can have been
/// told anything else: for an account that this server does not have any more. Its rows, pages and
/// pieces are copied as they are, and then its numbers skip ahead as they do after the restore of a
/// whole store (store/read/behind.h).
namespace posthorn::store {

/// The same for two stores if one was copied from the other, so that names of pieces and numbers of
/// pages mean the same in both. Reveals nothing about the key it is made of.
std::string lineage_of(Store& store);

/// An account that is being brought back. One that is given up half-way is removed by the sweep, or
/// by the next attempt.
class Adoption {
 public:
  /// Decides whether an account can be brought back as it was, without changing anything. `name` is
  /// its login name. Errors: already_exists (another account or alias has the name, or an account
  /// has the identity), unavailable (the account was removed so recently that it can be brought
  /// back without a backup), not_supported (the copy is of another store), and those of the engine.
  static async::Task<Status> judge(Store& store, AccountId id, std::string name,
                                   std::string lineage);
  /// The same, and begins. Removes what an earlier attempt has left.
  static async::Task<Result<std::unique_ptr<Adoption>>> begin(Store& store, AccountId id,
                                                              std::string name,
                                                              std::string lineage);
  /// Writes a part; the order of AccountReader is the best. Errors: conflict (somebody else is
  /// bringing the account back), and those of the engine.
  async::Task<Status> add(AccountPart part);
  /// Makes the account exist. `tail` is what the copy's partition had (PartitionVersion::tail).
  /// Messages that were waiting to be sent are not sent: that may have been done since. Aliases are
  /// not brought back. Errors: corrupt (a part is missing), bad_argument (the name, or the clock is
  /// behind the copy), already_exists, and those of the engine.
  async::Task<Result<AccountId>> finish(Seq tail);

 private:
  Adoption(Store& store, const AccountId& id, std::string name)
      : store_(store), id_(id), name_(std::move(name)) {}
  Status prepare();
  Status write(AccountPart part);
  /// Writes the profile and lets the numbers skip ahead.
  Status complete(Seq tail);
  async::Task<Result<AccountPtr>> open_anew();
  async::Task<Status> settle(AccountPtr account);
  Status give_address();

  Store& store_;
  const AccountId id_;
  const std::string name_;
  engine::PartitionVersion version_;
  std::string profile_;  ///< Its row, which is written last.
};

}  // namespace posthorn::store
