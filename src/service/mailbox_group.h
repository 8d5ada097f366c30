#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "store/value/account_state.h"

namespace posthorn::service {

/// Names in one piece of memory, since a session may keep a thousand of them for hours. Neighbours
/// usually begin alike, so of most names only what is different from the one before is kept.
class NameSet {
 public:
  NameSet() = default;
  /// Names that are there twice count once.
  explicit NameSet(std::vector<std::string> names);

  [[nodiscard]] bool contains(std::string_view name) const;
  /// In ascending order.
  [[nodiscard]] std::vector<std::string> all() const;

 private:
  /// Names in a block, which are read one after another. The first is there in full.
  static constexpr std::size_t kBlock = 16;

  [[nodiscard]] std::string_view first_of(std::size_t block) const;
  /// Calls f(name) for the names of a block until it returns true. Returns whether it has.
  template <class F>
  bool find_in(std::size_t block, F&& f) const;

  /// Of each name how many octets it shares with the one before, how many follow (varints), and
  /// those.
  std::string octets_;
  std::vector<std::uint32_t> blocks_;  ///< Where each block begins.
};

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
  NameSet names;

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
/// Returns the mailboxes of the caller's own that belong to at least one of the groups, each once,
/// in an order in which every mailbox precedes those below it.
std::vector<GroupMember> mailboxes_of(const Caller& caller,
                                      const std::vector<MailboxGroup>& groups);

/// The same with those of others after them. Mailboxes that the caller may not look up are left
/// out, unless they are named and may be read (RFC 7377 §2.2); what else he may do there is to be
/// checked by whoever calls this function. Costs nothing more if no group can have mailboxes of
/// others. Errors: those of reading the list of who grants what.
async::Task<Result<std::vector<GroupMember>>> all_mailboxes_of(Caller caller,
                                                               std::vector<MailboxGroup> groups);

/// Returns whether a group can have mailboxes of others.
bool reaches_others(const MailboxGroup& group);

}  // namespace posthorn::service
