#include "service/list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthorn::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// An account with these mailboxes; those whose names begin with '+' are subscribed.
store::AccountState account_of(std::initializer_list<std::string_view> names) {
  store::AccountState state;
  auto ids = std::make_shared<store::AccountState::Names>();
  auto subscriptions = std::make_shared<store::AccountState::Subscriptions>();
  MailboxId id(0);
  for (std::string_view name : names) {
    if (name.starts_with('+')) {
      name.remove_prefix(1);
      subscriptions->emplace(name);
    }
    auto mailbox = std::make_shared<store::Mailbox>();
    ++id;
    mailbox->id = id;
    mailbox->name = name;
    if (name == "Sent") mailbox->special_use = bit(store::SpecialUse::sent);
    ids->emplace(name, id);
    state.mailboxes.set(id, std::move(mailbox));
  }
  state.names = std::move(ids);
  state.subscriptions = std::move(subscriptions);
  return state;
}

std::vector<std::string> names_of(const std::vector<ListEntry>& entries) {
  std::vector<std::string> names;
  for (const ListEntry& entry : entries) names.push_back(entry.name);
  return names;
}

ListQuery all() {
  ListQuery query;
  query.matches = [](std::string_view) { return true; };
  return query;
}

TEST(List, ShowsParentsThatAreNoMailboxes) {
  const auto state = account_of({"INBOX", "a/b/c"});
  const auto entries = list_mailboxes(state, all());
  EXPECT_THAT(names_of(entries), ElementsAre("INBOX", "a", "a/b", "a/b/c"));
  EXPECT_EQ(entries[1].mailbox, nullptr);
  EXPECT_TRUE(entries[1].has_children);
  EXPECT_FALSE(entries[3].has_children);
}

TEST(List, SubscribedNamesNeedNoMailbox) {
  auto state = account_of({"+here", "other"});
  auto subscriptions = std::make_shared<store::AccountState::Subscriptions>(*state.subscriptions);
  subscriptions->emplace("gone");
  state.subscriptions = subscriptions;
  ListQuery query = all();
  query.from = ListQuery::From::subscriptions;
  const auto entries = list_mailboxes(state, query);
  EXPECT_THAT(names_of(entries), ElementsAre("gone", "here"));
  EXPECT_EQ(entries[0].mailbox, nullptr);
}

TEST(List, RecursiveMatchFindsParentsOfSubscribedNames) {
  const auto state = account_of({"a", "+a/b", "c", "c/d"});
  ListQuery query = all();
  query.from = ListQuery::From::subscriptions;
  query.depth = ListQuery::Depth::below_too;
  query.matches = [](std::string_view name) { return name == "a" || name == "c"; };
  const auto entries = list_mailboxes(state, query);
  EXPECT_THAT(names_of(entries), ElementsAre("a"));
  EXPECT_TRUE(entries[0].subscribed_below);
  EXPECT_FALSE(entries[0].subscribed);
}

TEST(List, SpecialUseOnly) {
  const auto state = account_of({"INBOX", "Sent"});
  ListQuery query = all();
  query.special_use = UINT8_MAX;
  EXPECT_THAT(names_of(list_mailboxes(state, query)), ElementsAre("Sent"));
  query.special_use = bit(store::SpecialUse::junk);
  EXPECT_THAT(list_mailboxes(state, query), IsEmpty());
}

}  // namespace
}  // namespace posthorn::service
