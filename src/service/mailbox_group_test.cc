#include "service/mailbox_group.h"

#include <gtest/gtest.h>

namespace posthorn::service {
namespace {

using Kind = MailboxGroup::Kind;

TEST(NameSet, HasEachNameOnce) {
  const NameSet names({"b", "", "a/b", "b", "a"});
  ASSERT_EQ(names.size(), 4U);
  EXPECT_EQ(names.at(0), "");
  EXPECT_EQ(names.at(1), "a");
  EXPECT_EQ(names.at(2), "a/b");
  EXPECT_EQ(names.at(3), "b");
  for (const char* name : {"", "a", "a/b", "b"}) EXPECT_TRUE(names.contains(name)) << name;
  for (const char* name : {"/", "a/", "aa", "c", "B"}) EXPECT_FALSE(names.contains(name)) << name;
  EXPECT_FALSE(NameSet().contains(""));
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
