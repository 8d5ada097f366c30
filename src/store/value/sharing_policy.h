#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace posthorn::store {

/// The groups of somebody; see SharingPolicy::groups_of.
class Groups {
 public:
  Groups() = default;
  /// Both lists are sorted; null: none. `configured` must outlive this object.
  Groups(const std::vector<std::string>* configured,
         std::shared_ptr<const std::vector<std::string>> from_directory)
      : configured_(configured), from_directory_(std::move(from_directory)) {}

  [[nodiscard]] bool contains(std::string_view group) const;
  [[nodiscard]] std::vector<std::string> all() const;

 private:
  const std::vector<std::string>* configured_ = nullptr;
  std::shared_ptr<const std::vector<std::string>> from_directory_;
};

/// How mailboxes may be shared, as the operator has set it. Names are in lower case.
struct SharingPolicy {
  using GroupList = std::shared_ptr<const std::vector<std::string>>;

  /// The groups that the configuration puts a login name in, sorted.
  std::map<std::string, std::vector<std::string>, std::less<>> configured_groups = {};
  /// Returns the groups, sorted, that a directory outside of the store has told of a login name;
  /// null: none. It must not block. Thread: any.
  std::function<GroupList(std::string_view login)> directory_groups = {};
  /// Users may grant rights to everybody at once. Administrators always may.
  bool anyone = false;
  /// A mailbox that is shared with a user is put among that user's subscriptions.
  bool subscribe = true;
  /// Mailboxes of users are set up with flags of everybody's own when they are first shared
  /// (value/sharing_entries.h).
  bool private_flags = false;

  /// Returns whether anybody may be in a group.
  [[nodiscard]] bool has_groups() const { return !configured_groups.empty() || directory_groups; }
  /// Returns the groups of a login name, in lower case. The policy must outlive the result.
  [[nodiscard]] Groups groups_of(std::string_view login) const;
};

}  // namespace posthorn::store
