#include "service/sharing/team.h"

#include <gmock/gmock.h>

#include "service/delivery/deliver.h"
#include "service/mailboxes.h"
#include "service/sending/sender.h"
#include "service/sharing/acl.h"
#include "service/sharing/find.h"
#include "service/sharing/shared_name.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

using store::Team;
using store::TeamMember;
using store::TeamSending;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kTeam = "help@example.org";

class TeamTest : public store::StoreFixture {
 protected:
  TeamTest()
      : ann_(make_account("ann@example.org")),
        bob_(make_account("bob@example.org")),
        team_(make()) {}

  store::AccountPtr make() {
    const auto id = run(store_->create_team(kTeam, {}));
    EXPECT_TRUE(id);
    auto account = run(store_->account(*id));
    EXPECT_TRUE(account);
    return *account;
  }
  static Caller caller(const store::AccountPtr& account, std::string login) {
    Caller caller = Caller::owner(account);
    caller.login = std::make_shared<const std::string>(std::move(login));
    return caller;
  }
  [[nodiscard]] Caller ann() const { return caller(ann_, "ann@example.org"); }
  [[nodiscard]] Caller bob() const { return caller(bob_, "bob@example.org"); }
  Status join(const store::AccountPtr& who, std::string_view letters,
              TeamSending sending = TeamSending::as_team) {
    return run(set_member(team_, TeamMember{who->id(), *rights_from(letters), sending}));
  }
  static std::string named(std::string_view mailbox) {
    return shared_name(kTeam, mailbox, SharedSpace::teams);
  }
  std::string rights(const Caller& who, std::string_view mailbox) {
    auto found = run(find_mailbox(who, named(mailbox), Rights::all()));
    return found ? letters_of(found->rights) : found.error().text;
  }
  static const store::AccountState::Subscriptions& subscriptions(const store::AccountPtr& of) {
    return *of->published()->subscriptions;
  }
  async::Task<Result<std::optional<store::AddressEntry>>> look_up(std::string address) {
    co_return co_await store_->find_address(address);
  }
  SenderRight::Kind may_send(const store::AccountPtr& who, std::string local_part) {
    const FindAddress find = [this](std::string address) { return look_up(std::move(address)); };
    const std::string written = local_part + "@example.org";
    const auto right = run(sender_right(find, "+", who, {local_part, "example.org", written}));
    EXPECT_TRUE(right);
    return right->kind;
  }

  store::AccountPtr ann_;
  store::AccountPtr bob_;
  store::AccountPtr team_;
};

TEST_F(TeamTest, MembersUseAllMailboxes) {
  EXPECT_EQ(rights(ann(), "INBOX"), "No such mailbox");
  ASSERT_TRUE(join(ann_, "lrswipkxte"));
  ASSERT_TRUE(join(bob_, "lrs"));
  EXPECT_EQ(rights(ann(), "INBOX"), "lrswipkxtecd");
  EXPECT_EQ(rights(ann(), "Sent"), "lrswipkxtecd");
  EXPECT_EQ(rights(bob(), "Sent"), "lrs");
  EXPECT_THAT(subscriptions(bob_), Contains(named("Sent")));
  const auto wrong_space = run(find_mailbox(ann(), shared_name(kTeam, "INBOX"), Rights::all()));
  EXPECT_FALSE(wrong_space);
}

TEST_F(TeamTest, NewMailboxesBelongToAll) {
  ASSERT_TRUE(join(ann_, "lrswipkxte"));
  ASSERT_TRUE(join(bob_, "lrs"));
  ASSERT_TRUE(run(create_mailbox(ann(), named("Plans/New"))));
  EXPECT_EQ(rights(bob(), "Plans"), "lrs");
  EXPECT_EQ(rights(bob(), "Plans/New"), "lrs");
  EXPECT_THAT(subscriptions(bob_), Contains(named("Plans/New")));
  EXPECT_FALSE(run(create_mailbox(bob(), named("His"))));
  ASSERT_TRUE(run(unsubscribe(bob(), named("Plans"))));
  ASSERT_TRUE(run(create_mailbox(ann(), named("Other"))));
  EXPECT_THAT(subscriptions(bob_), Not(Contains(named("Plans"))));
}

TEST_F(TeamTest, AMembershipEndsEverywhere) {
  ASSERT_TRUE(join(ann_, "lrswipkxtea"));
  ASSERT_TRUE(join(bob_, "lrs"));
  const auto inbox = run(find_mailbox(ann(), named("INBOX"), {Right::administer}));
  ASSERT_TRUE(inbox);
  ASSERT_TRUE(
      run(edit_acl(ann(), *inbox, {"-bob@example.org", RightsEdit::replace, *rights_from("s")})));
  EXPECT_EQ(rights(bob(), "INBOX"), "lr");
  // Said again, it is as it was.
  ASSERT_TRUE(join(bob_, "lrs"));
  EXPECT_EQ(rights(bob(), "INBOX"), "lrs");
  ASSERT_TRUE(run(remove_member(team_, bob_->id())));
  for (const auto& [name, id] : *team_->published()->names)
    EXPECT_EQ(rights(bob(), name), "No such mailbox") << name;
  EXPECT_THAT(run(shared_mailboxes(bob()))->mailboxes, IsEmpty());
  EXPECT_EQ(run(remove_member(team_, bob_->id())).error().kind, ErrorKind::not_found);
  ASSERT_TRUE(run(leave_all_teams(*store_, ann_->id())));
  EXPECT_EQ(rights(ann(), "INBOX"), "No such mailbox");
  EXPECT_THAT(team_->published()->sending->team->members, IsEmpty());
}

TEST_F(TeamTest, WhoMaySend) {
  using Kind = SenderRight::Kind;
  ASSERT_TRUE(run(store_->add_alias("desk@example.org", team_->id())));
  ASSERT_TRUE(join(ann_, "lrs"));
  EXPECT_EQ(may_send(ann_, "help"), Kind::as_team);
  EXPECT_EQ(may_send(ann_, "desk"), Kind::as_team);
  EXPECT_EQ(may_send(ann_, "help+x"), Kind::as_team);
  EXPECT_EQ(may_send(ann_, "ann"), Kind::own);
  EXPECT_EQ(may_send(ann_, "bob"), Kind::none);
  EXPECT_EQ(may_send(bob_, "help"), Kind::none);
  ASSERT_TRUE(join(ann_, "lrs", TeamSending::on_behalf));
  EXPECT_EQ(may_send(ann_, "help"), Kind::on_behalf);
  ASSERT_TRUE(join(ann_, "lrs", TeamSending::none));
  EXPECT_EQ(may_send(ann_, "help"), Kind::none);
  ASSERT_TRUE(join(ann_, "lrs"));
  ASSERT_TRUE(run(store_->set_disabled(team_->id(), true)));
  EXPECT_EQ(may_send(ann_, "help"), Kind::none);
}

TEST_F(TeamTest, MailToFoldersCanBeRestricted) {
  const auto goes_to = [&](std::string_view folder) {
    const auto state = team_->published();
    return state->find(choose_mailbox(*state, folder))->name;
  };
  EXPECT_EQ(goes_to("junk"), "Junk");
  ASSERT_TRUE(run(edit_team(team_, [](Team& team) -> Status {
    team.folder_mail = Team::FolderMail::restricted;
    return {};
  })));
  EXPECT_EQ(goes_to("junk"), "INBOX");
  const Caller administrator = Caller::administrator(team_);
  const auto junk = resolve(administrator, "Junk");
  ASSERT_TRUE(junk);
  const auto edit = [&](std::string identifier, std::string_view letters) {
    return run(edit_acl(administrator, *junk,
                        {std::move(identifier), RightsEdit::replace, *rights_from(letters)}));
  };
  ASSERT_TRUE(edit("anyone", "lr"));
  EXPECT_EQ(goes_to("junk"), "INBOX");
  ASSERT_TRUE(edit("anyone", "p"));
  EXPECT_EQ(goes_to("junk"), "Junk");
  ASSERT_TRUE(edit("-anyone", "p"));
  EXPECT_EQ(goes_to("junk"), "INBOX");
}

TEST_F(TeamTest, SettingsSurviveARestart) {
  ASSERT_TRUE(join(ann_, "lrs", TeamSending::on_behalf));
  const Team before = *team_->published()->sending->team;
  const AccountId id = team_->id();
  ann_.reset();
  bob_.reset();
  team_.reset();
  reopen();
  const auto account = run(store_->account(id));
  ASSERT_TRUE(account);
  EXPECT_EQ(*(*account)->published()->sending->team, before);
  EXPECT_TRUE(run(store_->profile(id))->team);
  EXPECT_TRUE(run(store_->check(false))->findings.empty());
}

TEST_F(TeamTest, RefusesWhatCannotBe) {
  EXPECT_EQ(join(ann_, "").error().kind, ErrorKind::bad_argument);
  EXPECT_EQ(join(team_, "lrs").error().kind, ErrorKind::bad_argument);
  const TeamMember member{bob_->id(), *rights_from("lrs"), TeamSending::none};
  EXPECT_EQ(run(set_member(ann_, member)).error().kind, ErrorKind::bad_argument);
  EXPECT_EQ(run(remove_member(ann_, bob_->id())).error().kind, ErrorKind::bad_argument);
  EXPECT_FALSE(run(set_member(team_, {AccountId{}, *rights_from("lrs"), TeamSending::none})));
}

}  // namespace
}  // namespace posthorn::service
