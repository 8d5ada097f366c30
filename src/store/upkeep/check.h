#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace posthorn::store {

/// How far Store::check() looks at bodies.
enum class CheckDepth : std::uint8_t {
  named,     ///< Every piece is known to the engine and held by the account.
  readable,  ///< And can be read.
  hashed,    ///< And the message has the hash of what was received.
};

/// For people: "account ada@example.org (0123...)", without a name if there is none to be had.
std::string describe_account(const AccountId& id, std::string_view name);

/// The part of Store::check() that is about one account. May not be used by two threads at a time.
class AccountCheck {
 public:
  /// `name` is the account's, for the findings. All must outlive it.
  AccountCheck(AccountPtr account, std::string name, CheckDepth depth, Store::CheckReport& report)
      : account_(std::move(account)),
        where_(describe_account(account_->id(), name)),
        depth_(depth),
        report_(report) {}

  async::Task<void> run(Store::Repair repair);

 private:
  struct Seen;
  async::Task<void> check_mailbox(MailboxId id, const Mailbox& listed, Seen& seen);
  async::Task<void> check_outbox();
  async::Task<void> repair(const Seen& seen);
  async::Task<void> repair(MailboxId id);
  void find(const std::string& where, std::string_view what);
  [[nodiscard]] std::string place_of(const Mailbox& mailbox) const;

  AccountPtr account_;
  const std::string where_;
  const CheckDepth depth_;
  Store::CheckReport& report_;
};

}  // namespace posthorn::store
