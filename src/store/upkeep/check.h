#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace posthorn::store {

/// How thoroughly Store::check() examines bodies.
enum class CheckDepth : std::uint8_t {
  named,     ///< The engine knows every piece, and the account holds it.
  readable,  ///< In addition, every piece can be read.
  hashed,    ///< In addition, the message has the hash of what was received.
};

/// For people: "account ada@example.org (0123...)"; without the name if it is not available.
std::string describe_account(const AccountId& id, std::string_view name);

/// The part of Store::check() that examines one account. For one thread at a time.
class AccountCheck {
 public:
  /// `name` is the account's name for the findings. All arguments must outlive the object.
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
  async::Task<void> check_annotations();
  async::Task<void> check_filters();
  async::Task<void> check_sharing();
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
