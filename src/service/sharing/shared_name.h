#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The names of mailboxes that belong to others (RFC 2342 §5): "Other Users/ann@example.org/Work",
/// "Shared Folders/support@example.org/INBOX".
/// No protocol is the owner of these names, since subscriptions contain them.
namespace posthorn::service {

/// The names of the two namespaces, which are not mailboxes.
inline constexpr std::string_view kOtherUsers = "Other Users";
inline constexpr std::string_view kSharedFolders = "Shared Folders";

/// Returns whether a name is in one of the namespaces of others, or is one of them.
bool is_in_shared_namespace(std::string_view name);

/// Whose mailboxes a namespace has.
enum class SharedSpace : std::uint8_t {
  users,  ///< Those of people, in kOtherUsers.
  teams,  ///< Those of teams (store/value/team.h), in kSharedFolders.
};

struct SharedName {
  SharedSpace space = SharedSpace::users;
  std::string owner;    ///< The name of the account, in lower case.
  std::string mailbox;  ///< As its owner names it; never empty.
};
/// Takes a name apart. None if it does not name a mailbox of somebody else.
std::optional<SharedName> shared_name_of(std::string_view name);

/// Returns the name under which others see a mailbox.
std::string shared_name(std::string_view owner, std::string_view mailbox,
                        SharedSpace space = SharedSpace::users);
inline std::string shared_name(const SharedName& name) {
  return shared_name(name.owner, name.mailbox, name.space);
}

/// Returns whether the mailboxes of an account with this name can be named by others.
bool can_be_named(std::string_view owner);

}  // namespace posthorn::service
