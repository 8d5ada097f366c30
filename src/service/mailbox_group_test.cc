#include "service/mailbox_group.h"

#include <gtest/gtest.h>

namespace posthorn::service {
namespace {

using Kind = MailboxGroup::Kind;

TEST(NameSet, HasEachNameOnce) {
  const NameSet names({"b", "", "a/b", "b", "a"});
  EXPECT_EQ(names.all(), (std::vector<std::string>{"", "a", "a/b", "b"}));
  for (const char* name : {"", "a", "a/b", "b"}) EXPECT_TRUE(names.contains(name)) << name;
  for (const char* name : {"/", "a/", "aa", "c", "B"}) EXPECT_FALSE(names.contains(name)) << name;
  EXPECT_FALSE(NameSet().contains(""));
  EXPECT_TRUE(NameSet().all().empty());
}

TEST(NameSet, FindsEachOfManyNames) {
  for (const std::uint32_t count : {1U, 15U, 16U, 17U, 32U, 33U, 1000U}) {
    std::vector<std::string> all;
    // Of different lengths, and some with the octets that are ordered differently when signed.
    for (std::uint32_t i = 0; i < count; ++i)
      all.push_back("folder " + std::string(i % 7, '\xc3') + std::to_string(i * 2654435761U));
    const NameSet names(all);
    for (const std::string& name : all) {
      EXPECT_TRUE(names.contains(name)) << name;
      EXPECT_FALSE(names.contains(name + "0")) << name;
      EXPECT_FALSE(names.contains(name.substr(0, name.size() - 1))) << name;
    }
    EXPECT_FALSE(names.contains("a"));
    EXPECT_FALSE(names.contains("z"));
    std::ranges::sort(all);
    EXPECT_EQ(names.all(), all);
  }
}

TEST(MailboxGroup, Subtree) {
  const MailboxGroup group{Kind::subtree, NameSet({"a", "x/y"})};
  for (const char* name : {"a", "a/b", "a/b/c", "x/y", "x/y/z"}) EXPECT_TRUE(group.has(name, {}));
  for (const char* name : {"", "a-b", "ab", "x", "x/yz", "b/a"})
    EXPECT_FALSE(group.has(name, {})) << name;
}

TEST(MailboxGroup, SubtreeOneHasOneLevelOnly) {
  const MailboxGroup group{Kind::subtree_one, NameSet({"a"})};
  EXPECT_TRUE(group.has("a", {}));
  EXPECT_TRUE(group.has("a/b", {}));
  EXPECT_FALSE(group.has("a/b/c", {}));
  EXPECT_FALSE(group.has("b", {}));
}

TEST(MailboxGroup, NamesAndSubscriptions) {
  const MailboxGroup named{Kind::mailboxes, NameSet({"%", "a"})};
  EXPECT_TRUE(named.has("a", {}));
  EXPECT_FALSE(named.has("a/b", {}));
  EXPECT_FALSE(named.has("b", {}));
  const MailboxGroup subscribed{Kind::subscribed, {}};
  EXPECT_TRUE(subscribed.has("a", {"a"}));
  EXPECT_FALSE(subscribed.has("b", {"a"}));
  EXPECT_TRUE((MailboxGroup{Kind::inboxes, {}}.has("b", {})));
  EXPECT_FALSE((MailboxGroup{Kind::inboxes, {}}.has("b", {}, MailboxGroup::Whose::others)));
  EXPECT_FALSE((MailboxGroup{Kind::personal, {}}.has("b", {}, MailboxGroup::Whose::others)));
  EXPECT_TRUE(subscribed.has("a", {"a"}, MailboxGroup::Whose::others));
}

}  // namespace
}  // namespace posthorn::service
