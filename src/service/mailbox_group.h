#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "service/mailbox_ref.h"
#include "store/value/account_state.h"

namespace posthorn::service {

/// A group of mailboxes that a client describes (RFC 5465 §6, RFC 7377 §2.2). Which names belong to
/// it is decided only here.
struct MailboxGroup {
  enum class Kind : std::uint8_t {
    inboxes,  ///< Where mail may be delivered. A script can deliver anywhere, so it is `personal`.
    personal,
    subscribed,
    subtree,      ///< `names`, and all below them.
    subtree_one,  ///< `names`, and those directly below them.
    mailboxes,    ///< `names`.
  };
  Kind kind = Kind::personal;
  std::vector<std::string> names;  ///< Sorted.

  /// Whose mailbox a name is of.
  enum class Whose : std::uint8_t { own, others };
  /// Returns whether the name belongs to the group when these names are subscribed. No mailbox of
  /// that name need exist. The mailboxes of others are not personal (RFC 5465 §6.2).
  [[nodiscard]] bool has(std::string_view name,
                         const store::AccountState::Subscriptions& subscriptions,
                         Whose whose = Whose::own) const;
};

/// A mailbox of a group, with the name that the caller knows it by.
struct GroupMember {
  std::string name;
  MailboxRef mailbox;
};
/// Returns the mailboxes that belong to at least one of the groups, each once, in an order in which
/// every mailbox precedes those below it. Mailboxes that the caller may not look up are left out,
/// unless they are named (RFC 7377 §2.2); what else he may do there is to be checked by whoever
/// calls this function.
std::vector<GroupMember> mailboxes_of(const Caller& caller,
                                      const std::vector<MailboxGroup>& groups);

}  // namespace posthorn::service
