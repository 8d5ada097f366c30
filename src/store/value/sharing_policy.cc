#include "store/value/sharing_policy.h"

#include <algorithm>

namespace posthorn::store {

bool Groups::contains(std::string_view group) const {
  return (configured_ != nullptr && std::ranges::binary_search(*configured_, group)) ||
         (from_directory_ != nullptr && std::ranges::binary_search(*from_directory_, group));
}

std::vector<std::string> Groups::all() const {
  std::vector<std::string> all;
  if (configured_ != nullptr) all = *configured_;
  if (from_directory_ != nullptr)
    all.insert(all.end(), from_directory_->begin(), from_directory_->end());
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all;
}

Groups SharingPolicy::groups_of(std::string_view login) const {
  const auto it = configured_groups.find(login);
  return {it != configured_groups.end() ? &it->second : nullptr,
          directory_groups ? directory_groups(login) : nullptr};
}

}  // namespace posthorn::store
