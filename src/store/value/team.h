#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "store/value/rights.h"

/// What makes an account a team: several people use its mailboxes and send as it, and nobody logs
/// in as it.
namespace posthorn::store {

/// How a member may send for the team. The values are stored.
enum class TeamSending : std::uint8_t {
  none = 0,
  on_behalf = 1,  ///< The message also names the member, in Sender (RFC 5322 §3.6.2).
  as_team = 2,
};

struct TeamMember {
  AccountId account;
  /// What the member was given on all mailboxes of the team. What counts are the access control
  /// lists, which may have been changed since.
  Rights rights;
  TeamSending sending = TeamSending::as_team;
  friend bool operator==(const TeamMember&, const TeamMember&) = default;
};

struct Team {
  /// So many names of accounts fit into one answer to a mail transfer agent.
  static constexpr std::size_t kMaxMembers = 200;

  /// Where mail to team+folder goes. The values are stored.
  enum class FolderMail : std::uint8_t {
    open = 0,        ///< To the folder, if there is one.
    restricted = 1,  ///< To the folder, if anyone has the right "p" on it (RFC 4314 §2.1).
  };
  /// Where copies of what members send as the team are filed. The values are stored.
  enum class SentCopy : std::uint8_t {
    team = 0,  ///< In the team's \Sent.
    both = 1,  ///< In the member's as well.
  };
  std::vector<TeamMember> members = {};  ///< Ascending by account.
  FolderMail folder_mail = FolderMail::open;
  SentCopy sent_copy = SentCopy::team;
  friend bool operator==(const Team&, const Team&) = default;

  /// Null if the account is no member.
  [[nodiscard]] const TeamMember* find(const AccountId& account) const {
    const auto at = std::ranges::lower_bound(members, account, {}, &TeamMember::account);
    return at != members.end() && at->account == account ? &*at : nullptr;
  }
  /// Adds a member, or changes what is known of one.
  void set(const TeamMember& member) {
    const auto at = std::ranges::lower_bound(members, member.account, {}, &TeamMember::account);
    if (at != members.end() && at->account == member.account) {
      *at = member;
    } else {
      members.insert(at, member);
    }
  }
  /// Returns false if the account was no member.
  bool remove(const AccountId& account) {
    return std::erase_if(members, [&](const auto& one) { return one.account == account; }) != 0;
  }
};

}  // namespace posthorn::store
