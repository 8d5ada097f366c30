#include "store/value/sharing_policy.h"

#include <gtest/gtest.h>

namespace posthorn::store {
namespace {

using List = std::vector<std::string>;

TEST(SharingPolicyTest, GroupsAreOfTheConfigurationAndOfDirectories) {
  SharingPolicy policy;
  EXPECT_FALSE(policy.has_groups());
  policy.configured_groups["ann@example.org"] = {"sales", "temps"};
  policy.directory_groups = [](std::string_view login) -> SharingPolicy::GroupList {
    if (login == "bob@example.org") return nullptr;
    return std::make_shared<const List>(List{"sales", "staff"});
  };
  EXPECT_TRUE(policy.has_groups());
  EXPECT_EQ(policy.groups_of("ann@example.org").all(), (List{"sales", "staff", "temps"}));
  EXPECT_TRUE(policy.groups_of("ann@example.org").contains("temps"));
  EXPECT_TRUE(policy.groups_of("ann@example.org").contains("staff"));
  EXPECT_FALSE(policy.groups_of("ann@example.org").contains("boss"));
  EXPECT_TRUE(policy.groups_of("eve@example.org").contains("staff"));
  EXPECT_TRUE(policy.groups_of("bob@example.org").all().empty());
  EXPECT_FALSE(policy.groups_of("bob@example.org").contains("staff"));
}

}  // namespace
}  // namespace posthorn::store
