#include "service/sharing/acl.h"

#include <gmock/gmock.h>

#include "service/list.h"
#include "service/mailboxes.h"
#include "service/messages.h"
#include "service/sharing/find.h"
#include "service/sharing/shared_name.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

/// Ann shares with Bob; Eve is nobody's friend.
class AclTest : public store::StoreFixture {
 protected:
  AclTest()
      : ann_(make_account("ann@example.org")),
        bob_(make_account("bob@example.org")),
        eve_(make_account("eve@example.org")) {}

  static Caller caller(const store::AccountPtr& account, std::string login) {
    Caller caller = Caller::owner(account);
    caller.login = std::make_shared<const std::string>(std::move(login));
    return caller;
  }
  [[nodiscard]] Caller ann() const { return caller(ann_, "ann@example.org"); }
  [[nodiscard]] Caller bob() const { return caller(bob_, "bob@example.org"); }
  [[nodiscard]] Caller eve() const { return caller(eve_, "eve@example.org"); }

  Status grant(const Caller& who, const std::string& name, std::string identifier,
               std::string_view letters, RightsEdit how = RightsEdit::replace) {
    auto mailbox = run(find_mailbox(who, name, {Right::administer}));
    if (!mailbox) return pass(mailbox);
    auto done = run(edit_acl(who, *mailbox, {std::move(identifier), how, *rights_from(letters)}));
    return done ? Status() : pass(done);
  }
  Status take(std::string identifier) {
    auto done = run(remove_from_acl(ann(), *resolve(ann(), "INBOX"), std::move(identifier)));
    return done ? Status() : pass(done);
  }
  std::string rights(const Caller& who, const std::string& name) {
    auto mailbox = run(find_mailbox(who, name, Rights::all()));
    return mailbox ? letters_of(mailbox->rights) : mailbox.error().text;
  }
  std::vector<std::string> names(const Caller& who) {
    auto shared = run(shared_mailboxes(who));
    EXPECT_TRUE(shared);
    std::vector<std::string> names;
    for (const SharedMailbox& one : shared->mailboxes) names.push_back(one.name);
    return names;
  }
  void set_policy(const store::SharingPolicy& sharing) {
    store::StorePolicy policy = store_->policy();
    policy.sharing = std::make_shared<const store::SharingPolicy>(sharing);
    store_->set_policy(policy);
  }

  const std::string inbox_ = shared_name("ann@example.org", "INBOX");
  store::AccountPtr ann_;
  store::AccountPtr bob_;
  store::AccountPtr eve_;
};

TEST_F(AclTest, LettersAndRights) {
  EXPECT_EQ(letters_of(Rights::all()), "lrswipkxteacd");
  EXPECT_EQ(letters_of({}), "");
  EXPECT_EQ(letters_of({Right::remove, Right::expunge}), "xecd");
  EXPECT_EQ(*rights_from("cd"),
            (Rights{Right::create_below, Right::remove, Right::expunge, Right::delete_messages}));
  for (const std::string_view bad : {"n", "0", "L", "l r", "+l"})
    EXPECT_EQ(rights_from(bad).error().kind, ErrorKind::syntax) << bad;
}

TEST_F(AclTest, Identifiers) {
  EXPECT_EQ(parse_identifier("Bob@Example.ORG")->text, "bob@example.org");
  EXPECT_EQ(parse_identifier("-bob@example.org")->sign, store::Grant::Sign::takes_away);
  EXPECT_EQ(parse_identifier("Anyone")->to, store::Grant::To::anyone);
  EXPECT_EQ(parse_identifier("$Sales")->name, "sales");
  EXPECT_EQ(parse_identifier("group:Sales")->text, "group:Sales");
  for (const std::string_view bad : {"", "-", "$", "a b", "a\x01", "\xff"})
    EXPECT_EQ(parse_identifier(bad).error().kind, ErrorKind::syntax) << bad;
  EXPECT_EQ(parse_identifier(std::string(1000, 'a')).error().kind, ErrorKind::syntax);
}

TEST_F(AclTest, NamesOfSharedMailboxes) {
  const auto name = shared_name_of("Other Users/Ann@Example.org/inbox/Sub");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->owner, "ann@example.org");
  EXPECT_EQ(name->mailbox, "INBOX/Sub");
  for (const std::string_view none : {"INBOX", "Other Users", "Other Users/ann", "Other Users/ann/",
                                      "Other Users//x", "Other Userss/a/b", "Shared Folders/a"})
    EXPECT_FALSE(shared_name_of(none)) << none;
  EXPECT_EQ(shared_name_of("Other Users/a/inboxes")->mailbox, "inboxes");
  const auto team = shared_name_of("Shared Folders/Help@Example.org/inbox");
  ASSERT_TRUE(team);
  EXPECT_EQ(team->space, SharedSpace::teams);
  EXPECT_EQ(shared_name(*team), "Shared Folders/help@example.org/INBOX");
  EXPECT_FALSE(can_be_named("a/b"));
}

TEST_F(AclTest, ARemovedAccountSharesNothing) {
  ASSERT_TRUE(grant(ann(), "INBOX", "bob@example.org", "lr"));
  EXPECT_THAT(names(bob()), ElementsAre(inbox_));
  ASSERT_TRUE(run(store_->remove_account(ann_->id())));
  EXPECT_THAT(names(bob()), IsEmpty());
  EXPECT_EQ(rights(bob(), inbox_), "No such mailbox");
}

TEST_F(AclTest, WhoIsGrantedNothingFindsNothing) {
  EXPECT_THAT(names(bob()), IsEmpty());
  EXPECT_EQ(rights(bob(), inbox_), "No such mailbox");
  ASSERT_TRUE(grant(ann(), "INBOX", "bob@example.org", "lr"));
  EXPECT_THAT(names(bob()), ElementsAre(inbox_));
  EXPECT_THAT(names(eve()), IsEmpty());
  EXPECT_THAT(names(ann()), IsEmpty());
  EXPECT_EQ(rights(bob(), inbox_), "lr");
  EXPECT_EQ(rights(eve(), inbox_), "No such mailbox");
  EXPECT_EQ(rights(bob(), shared_name("ann@example.org", "Sent")), "No such mailbox");
  EXPECT_EQ(run(find_mailbox(bob(), inbox_, {Right::write})).error().kind,
            ErrorKind::no_permission);
  ASSERT_TRUE(take("bob@example.org"));
  EXPECT_THAT(names(bob()), IsEmpty());
  EXPECT_EQ(rights(bob(), inbox_), "No such mailbox");
  EXPECT_THAT(**run(store_->sharers("u" + std::string(bob_->id().view()))), IsEmpty());
}

TEST_F(AclTest, GroupsAnyoneAndNegativeRights) {
  store::SharingPolicy policy;
  policy.configured_groups = {{"bob@example.org", {"sales"}},
                              {"eve@example.org", {"sales", "temps"}}};
  set_policy(policy);
  EXPECT_EQ(grant(ann(), "INBOX", "anyone", "lr").error().kind, ErrorKind::no_permission);
  policy.anyone = true;
  set_policy(policy);
  ASSERT_TRUE(grant(ann(), "INBOX", "anyone", "l"));
  ASSERT_TRUE(grant(ann(), "INBOX", "$sales", "rs"));
  ASSERT_TRUE(grant(ann(), "INBOX", "group:temps", "w"));
  ASSERT_TRUE(grant(ann(), "INBOX", "-group:temps", "s"));
  EXPECT_EQ(rights(bob(), inbox_), "lrs");
  EXPECT_EQ(rights(eve(), inbox_), "lrw");
  EXPECT_THAT(names(bob()), ElementsAre(inbox_));
  EXPECT_EQ(rights(ann(), "INBOX"), "lrswipkxteacd");
  // Who leaves a group has its rights no longer.
  policy.configured_groups.clear();
  set_policy(policy);
  EXPECT_EQ(rights(bob(), inbox_), "l");
}

TEST_F(AclTest, TheOwnerKeepsWhatCannotBeLost) {
  const auto inbox = *resolve(ann(), "INBOX");
  auto done = run(edit_acl(ann(), inbox, {"ann@example.org", RightsEdit::replace, {}}));
  ASSERT_TRUE(done);
  EXPECT_EQ(*done, AclOutcome::kept_more);
  EXPECT_EQ(rights(ann(), "INBOX"), "lkxac");
  EXPECT_EQ(run(fixed_rights(inbox, "ann@example.org")), kOwnersRights);
  EXPECT_EQ(run(fixed_rights(inbox, "bob@example.org")), Rights());
  ASSERT_TRUE(take("ann@example.org"));
  EXPECT_EQ(rights(ann(), "INBOX"), "lrswipkxteacd");
}

TEST_F(AclTest, AnAccountMadeAnewInheritsNothing) {
  ASSERT_TRUE(grant(ann(), "INBOX", "new@example.org", "lr"));
  const auto account = make_account("new@example.org");
  const Caller made = caller(account, "new@example.org");
  EXPECT_EQ(rights(made, inbox_), "No such mailbox");
  // A change of the entry is no new grant; saying it again is.
  ASSERT_TRUE(grant(ann(), "INBOX", "new@example.org", "s", RightsEdit::add));
  EXPECT_EQ(rights(made, inbox_), "No such mailbox");
  ASSERT_TRUE(grant(ann(), "INBOX", "new@example.org", "lrs"));
  EXPECT_EQ(rights(made, inbox_), "lrs");
}

TEST_F(AclTest, AGrantSubscribesOnce) {
  const auto subscriptions = [&] { return *bob_->published()->subscriptions; };
  ASSERT_TRUE(grant(ann(), "INBOX", "bob@example.org", "l"));
  EXPECT_THAT(subscriptions(), Not(Contains(inbox_)));
  ASSERT_TRUE(grant(ann(), "INBOX", "bob@example.org", "lr"));
  EXPECT_THAT(subscriptions(), Contains(inbox_));
  ASSERT_TRUE(run(unsubscribe(bob(), inbox_)));
  ASSERT_TRUE(grant(ann(), "INBOX", "bob@example.org", "lrs"));
  EXPECT_THAT(subscriptions(), Not(Contains(inbox_)));
  ASSERT_TRUE(take("bob@example.org"));
  ASSERT_TRUE(grant(ann(), "INBOX", "bob@example.org", "lr"));
  EXPECT_THAT(subscriptions(), Contains(inbox_));
  EXPECT_EQ(run(subscribe(eve(), inbox_)).error().kind, ErrorKind::not_found);
}

TEST_F(AclTest, MessagesGoBetweenAccounts) {
  ASSERT_TRUE(grant(ann(), "INBOX", "bob@example.org", "lrte"));
  std::vector<MessageToAppend> messages;
  for (const char* const subject : {"one", "two", "three"})
    messages.push_back({upload(ann_, message(subject)), {}, std::nullopt});
  const auto added = run(append(*resolve(ann(), "INBOX"), messages, clock_.now()));
  ASSERT_TRUE(added);
  Transfer what{.source = *run(find_mailbox(bob(), inbox_, {Right::read})),
                .uids = added->uids,
                .target = *resolve(bob(), "INBOX"),
                .mode = TransferMode::move};
  const auto done = run(transfer(what));
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(done->pairs.size(), 3U);
  EXPECT_EQ(ann_->published()->find("INBOX")->head.messages, 0U);
  EXPECT_EQ(bob_->published()->find("INBOX")->head.messages, 3U);
  EXPECT_EQ(ann_->published()->counters.messages, 0U);
  // The other way, Bob needs a right, and Ann's quota counts.
  std::swap(what.source, what.target);
  what.mode = TransferMode::copy;
  what.uids = {};
  what.uids.add(1, 3);
  EXPECT_EQ(run(transfer(what)).error().kind, ErrorKind::no_permission);
  ASSERT_TRUE(grant(ann(), "INBOX", "bob@example.org", "lri"));
  what.target = *run(find_mailbox(bob(), inbox_, {Right::insert}));
  ASSERT_TRUE(change(ann_, {}, [](store::Change& c) -> Status {
    c.set_quota({.max_bytes = 0, .max_messages = 2});
    return {};
  }));
  EXPECT_EQ(run(transfer(what)).error().kind, ErrorKind::over_quota);
  EXPECT_EQ(ann_->published()->find("INBOX")->head.messages, 0U);
}

TEST_F(AclTest, AfterARestartEverythingIsStillGranted) {
  ASSERT_TRUE(grant(ann(), "INBOX", "bob@example.org", "lrs"));
  const std::vector<AccountId> ids = {ann_->id(), bob_->id(), eve_->id()};
  ann_.reset();
  bob_.reset();
  eve_.reset();
  reopen();
  ann_ = open_account(ids[0]);
  bob_ = open_account(ids[1]);
  eve_ = open_account(ids[2]);
  EXPECT_THAT(names(bob()), ElementsAre(inbox_));
  EXPECT_EQ(rights(bob(), inbox_), "lrs");
  // And an account that is removed shares no longer.
  ASSERT_TRUE(run(store_->remove_account(ids[0])));
  EXPECT_EQ(rights(bob(), inbox_), "No such mailbox");
}

}  // namespace
}  // namespace posthorn::service
