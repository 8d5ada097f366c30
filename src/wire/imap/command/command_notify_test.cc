#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/imap/command/command.h"

namespace posthorn::wire::imap {
namespace {

using ::testing::ElementsAre;
using Kind = MailboxFilter::Kind;

template <class T>
Result<T> parse_as(std::string_view text) {
  auto command = parse_command("a " + std::string(text));
  if (!command) return std::unexpected(command.error());
  return std::get<T>(std::move(command->body));
}
Result<NotifyCommand> notify(std::string_view text) { return parse_as<NotifyCommand>(text); }

TEST(CommandNotify, None) {
  const auto command = notify("NOTIFY NONE");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->mode, NotifyCommand::Mode::none);
  EXPECT_TRUE(command->groups.empty());
}

TEST(CommandNotify, EveryKindOfMailboxes) {
  const auto command = notify(
      "notify set status (SELECTED-DELAYED NONE) (inboxes (MailboxName)) (personal "
      "(SubscriptionChange)) (subscribed (MailboxMetadataChange)) (subtree (a \"b c\") "
      "(ServerMetadataChange)) (mailboxes inbox (messagenew MESSAGEEXPUNGE FlagChange))");
  ASSERT_TRUE(command) << command.error().text;
  EXPECT_TRUE(command->status);
  std::vector<Kind> kinds;
  for (const NotifyGroup& group : command->groups) kinds.push_back(group.mailboxes.kind);
  EXPECT_THAT(kinds, ElementsAre(Kind::selected_delayed, Kind::inboxes, Kind::personal,
                                 Kind::subscribed, Kind::subtree, Kind::mailboxes));
  EXPECT_EQ(command->groups[0].events, NotifyEvents());
  EXPECT_THAT(command->groups[4].mailboxes.names, ElementsAre("a", "b c"));
  EXPECT_THAT(command->groups[5].mailboxes.names, ElementsAre("INBOX"));
  EXPECT_EQ(command->groups[5].events.bits, 7);
}

TEST(CommandNotify, ItemsToFetch) {
  const auto command = notify(
      "NOTIFY SET (selected (MessageNew (uid body.peek[header.fields (from)] UID) "
      "MessageExpunge))");
  ASSERT_TRUE(command) << command.error().text;
  EXPECT_FALSE(command->status);
  EXPECT_EQ(command->groups[0].fetch.size(), 2U);
  EXPECT_EQ(command->groups[0].events.bits, 3);
}

TEST(CommandNotify, AnUnknownEventIsNoSyntaxError) {
  for (const char* text : {"NOTIFY SET (personal (Foo))", "NOTIFY SET (selected (MailboxName Foo))",
                           "NOTIFY SET (personal (AnnotationChange MessageNew))"}) {
    const auto command = notify(text);
    ASSERT_TRUE(command) << text;
    EXPECT_TRUE(command->has_unknown_event) << text;
  }
}

TEST(CommandNotify, Refused) {
  for (const char* text :
       {"NOTIFY", "NOTIFY SET", "NOTIFY SET STATUS", "NOTIFY NONE NONE", "NOTIFY SET (personal)",
        "NOTIFY SET (personal NONE", "NOTIFY SET (personal MailboxName)",
        "NOTIFY SET (personal (MessageNew))", "NOTIFY SET (personal (FlagChange))",
        "NOTIFY SET (selected (MessageNew MessageExpunge MailboxName))",
        "NOTIFY SET (personal (MessageNew (UID) MessageExpunge))",
        "NOTIFY SET (selected NONE) (selected NONE)", "NOTIFY SET (subtree-one a (MailboxName))",
        "NOTIFY SET (selected (MessageNew (FAST) MessageExpunge))"})
    EXPECT_FALSE(notify(text)) << text;
}

TEST(CommandEsearch, Sources) {
  const auto command =
      parse_as<EsearchCommand>("ESEARCH IN (selected subtree-one (a b) mailboxes c) UNSEEN");
  ASSERT_TRUE(command) << command.error().text;
  ASSERT_EQ(command->sources.size(), 3U);
  EXPECT_EQ(command->sources[1].kind, Kind::subtree_one);
  EXPECT_TRUE(command->returns.all);
  const auto plain = parse_as<EsearchCommand>("ESEARCH RETURN (COUNT SAVE) SEEN");
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->sources.empty());
  EXPECT_TRUE(plain->returns.save);
  for (const char* text :
       {"ESEARCH", "ESEARCH IN () ALL", "ESEARCH IN (selected-delayed) ALL",
        "ESEARCH IN (personal) RETURN (SAVE) ALL", "ESEARCH IN (personal)", "UID ESEARCH ALL"})
    EXPECT_FALSE(parse_command("a " + std::string(text))) << text;
}

ParseOptions with_filters() {
  ParseOptions options;
  options.find_filter = [](std::string_view name) -> Result<std::string> {
    if (name == "seen") return std::string("SEEN");
    if (name == "two") return std::string("UNSEEN FILTER seen");
    if (name == "loop") return std::string("OR FILTER loop FILTER loop");
    if (name == "half") return std::string("OR SEEN");
    if (name == "open") return std::string("SEEN) (UNSEEN");
    return fail(ErrorKind::not_found, "none");
  };
  return options;
}

TEST(CommandFilter, IsReplacedByItsValue) {
  const auto command = parse_command("a SEARCH NOT FILTER Two", with_filters());
  ASSERT_TRUE(command) << command.error().text;
  EXPECT_FALSE(command->objection);
  const auto& key = std::get<SearchCommand>(command->body).key;
  ASSERT_EQ(key.kind, message::SearchKey::Kind::negation);
  EXPECT_EQ(key.children[0].kind, message::SearchKey::Kind::conjunction);
  EXPECT_EQ(key.children[0].children.size(), 2U);
}

TEST(CommandFilter, WhatCannotBeUsedIsNamed) {
  for (const char* name : {"none", "loop", "half", "open"}) {
    const auto command = parse_command("a SEARCH FILTER " + std::string(name), with_filters());
    ASSERT_TRUE(command) << name << ": " << command.error().text;
    EXPECT_TRUE(command->objection) << name;
    EXPECT_EQ(command->undefined_filter, name);
  }
  // An error of syntax comes first, and there may be no filters at all.
  EXPECT_FALSE(parse_command("a SEARCH FILTER none NONSENSE", with_filters()));
  EXPECT_FALSE(parse_command("a SEARCH FILTER seen"));
}

TEST(CommandFilter, Check) {
  const ParseOptions options = with_filters();
  EXPECT_TRUE(check_filter("OR SMALLER 5000 FROM \"boss@example.com\"", options));
  EXPECT_TRUE(check_filter("FILTER later", options));
  for (const char* value : {"", "OR SMALLER", "SEEN) (UNSEEN", "SEEN\r\na LOGOUT"})
    EXPECT_FALSE(check_filter(value, options)) << value;
}

}  // namespace
}  // namespace posthorn::wire::imap
