#include "service/account_news.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace posthorn::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// An account with mailboxes of these ids and names.
store::AccountState account_of(const std::map<std::uint32_t, std::string>& mailboxes,
                               const store::AccountState::Subscriptions& subscriptions = {}) {
  store::AccountState state;
  auto names = std::make_shared<store::AccountState::Names>();
  for (const auto& [id, name] : mailboxes) {
    auto mailbox = std::make_shared<store::Mailbox>();
    mailbox->id = MailboxId(id);
    mailbox->name = name;
    names->emplace(name, mailbox->id);
    const MailboxId key = mailbox->id;
    state.mailboxes.set(key, std::move(mailbox));
  }
  state.names = std::move(names);
  state.subscriptions = std::make_shared<store::AccountState::Subscriptions>(subscriptions);
  return state;
}

/// "name" for a mailbox, "old>name" if it was renamed; "+" for a subscription, "~" if it was moved.
std::vector<std::string> news(const store::AccountState& before, const store::AccountState& after) {
  std::vector<std::string> out;
  for (const ChangedName& name : changed_names(before, after)) {
    std::string text = name.old_name.empty() ? "" : name.old_name + ">";
    text += name.name;
    if (!name.mailbox) text += " only";
    if (name.subscription) text += " +";
    if (name.moved) text += " ~";
    out.push_back(text);
  }
  return out;
}

TEST(AccountNews, NothingHasChanged) {
  const auto state = account_of({{1, "INBOX"}, {2, "a/b"}}, {"INBOX"});
  EXPECT_THAT(news(state, state), IsEmpty());
  EXPECT_THAT(changed_mailboxes(state, state), IsEmpty());
}

TEST(AccountNews, CreatedAndRemovedMailboxesConcernTheirParents) {
  const auto before = account_of({{1, "a/b"}, {2, "c/d/e"}});
  const auto after = account_of({{1, "a/b"}, {3, "a/x"}, {4, "top"}});
  EXPECT_THAT(news(before, after), ElementsAre("a", "a/x", "c/d", "c/d/e", "top"));
}

TEST(AccountNews, AnotherMailboxOfTheSameName) {
  EXPECT_THAT(news(account_of({{1, "a"}}), account_of({{2, "a"}})), ElementsAre("a"));
}

TEST(AccountNews, ARenamedTreeIsOneName) {
  const auto before = account_of({{1, "a"}, {2, "a-b"}, {3, "a/b"}, {4, "a/b/c"}, {5, "a/d"}});
  const auto after = account_of({{1, "z"}, {2, "a-b"}, {3, "z/b"}, {4, "z/b/c"}, {5, "e"}});
  EXPECT_THAT(news(before, after), ElementsAre("a/d>e", "a>z"));
}

TEST(AccountNews, NamesThatWereSwapped) {
  EXPECT_THAT(news(account_of({{1, "a"}, {2, "b"}}), account_of({{1, "b"}, {2, "a"}})),
              ElementsAre("b>a", "a>b"));
}

TEST(AccountNews, ATreeWhoseRootIsNoMailbox) {
  EXPECT_THAT(news(account_of({{1, "a/x"}, {2, "a/y"}}), account_of({{1, "b/x"}, {2, "b/y"}})),
              ElementsAre("a/x>b/x", "a/y>b/y"));
}

TEST(AccountNews, Subscriptions) {
  const auto before = account_of({{1, "a"}, {2, "a/b"}}, {"a/b", "gone", "kept"});
  const auto after = account_of({{1, "z"}, {2, "z/b"}}, {"kept", "new", "z", "z/b"});
  EXPECT_THAT(news(before, after),
              ElementsAre("a/b only + ~", "gone only +", "new only +", "a>z +", "z/b only + ~"));
}

TEST(AccountNews, Mailboxes) {
  const auto before = account_of({{1, "a"}, {2, "b"}, {4, "d"}});
  store::AccountState after = before;
  after.mailboxes.set(MailboxId(2), std::make_shared<store::Mailbox>());
  after.mailboxes.set(MailboxId(3), std::make_shared<store::Mailbox>());
  after.mailboxes.erase(MailboxId(4));
  const auto changed = changed_mailboxes(before, after);
  ASSERT_EQ(changed.size(), 2U);
  EXPECT_EQ(changed[0].before, before.find(MailboxId(2)));
  EXPECT_EQ(changed[0].after, after.find(MailboxId(2)));
  EXPECT_EQ(changed[1].before, nullptr);
  EXPECT_EQ(changed[1].after, after.find(MailboxId(3)));
}

}  // namespace
}  // namespace posthorn::service
