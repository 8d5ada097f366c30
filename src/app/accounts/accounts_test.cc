#include "app/accounts/accounts.h"

#include <gtest/gtest.h>

#include "auth/rules/app_password.h"
#include "directory/test_fake_link.h"
#include "service/delivery/recipient.h"
#include "store/store_fixture.h"

namespace posthorn::app {
namespace {

using directory::FakeLink;
using directory::FakePeople;

constexpr std::string_view kHash = "{SSHA}USK0Dx8VBSzeC/xlkqq9EhinnW7r2eje";  // "secret"

class AccountsTest : public store::StoreFixture {
 protected:
  AccountsTest() {
    work_->set("ann@example.org", {.password = "secret", .groups = {"sales"}});
    work_->set("off@example.org", {.password = "secret", .enabled = false});
    make({"internal", "work"});
  }
  ~AccountsTest() override { accounts_.reset(); }

  /// Makes the chain anew, which forgets everything but the store.
  void make(const std::vector<std::string>& order) {
    directory::Chain chain;
    chain.internal_at.reset();
    for (const std::string& name : order) {
      if (name == "internal") {
        chain.internal_at = chain.sources.size();
        continue;
      }
      chain.sources.push_back(std::make_unique<directory::Source>(
          directory::SourceOptions{.name = name,
                                   .domains = {},
                                   .has_aliases = true,
                                   .checks_passwords = true,
                                   .knows_users = name != "pam"},
          [people = name == "other" ? other_ : work_] {
            return std::make_unique<FakeLink>(people);
          },
          clock_));
    }
    AccountsOptions options{.domains = {"example.org"}};
    options.on_lost = [this](const AccountId& id) { lost_.push_back(id); };
    accounts_ = std::make_unique<Accounts>(*store_, std::move(options), std::move(chain));
  }
  Result<std::optional<auth::LoginRecord>> find(std::string name) {
    return run(accounts_->find(std::move(name)));
  }
  /// Somebody who logs in with the right password.
  auth::LoginRecord log_in(const std::string& name) {
    auto record = find(name);
    EXPECT_TRUE(record && *record) << name;
    auto admitted = run(accounts_->admit(std::move(**record)));
    EXPECT_TRUE(admitted) << name;
    return std::move(*admitted);
  }
  Result<bool> verify(const std::string& name, std::string_view password) {
    auto record = find(name);
    if (!record) return pass(record);
    EXPECT_TRUE(*record && (*record)->outside && (*record)->outside->checks_password);
    return run(accounts_->verify(**record, std::make_shared<const auth::Secret>(password)));
  }
  Result<std::optional<store::AddressEntry>> recipient(std::string address) {
    return run(accounts_->find_recipient(std::move(address)));
  }
  bool has_account(std::string_view name) { return run(store_->find_address(name))->has_value(); }
  void alias(const std::string& name, std::vector<std::string> targets) {
    const MutexLock lock(work_->mutex);
    work_->aliases[name] = std::move(targets);
  }

  const std::shared_ptr<FakePeople> work_ = std::make_shared<FakePeople>();
  const std::shared_ptr<FakePeople> other_ = std::make_shared<FakePeople>();
  std::vector<AccountId> lost_;
  std::unique_ptr<Accounts> accounts_;
};

TEST_F(AccountsTest, AnAccountIsMadeAtTheFirstLogin) {
  EXPECT_TRUE(*verify("ann@example.org", "secret"));
  EXPECT_FALSE(*verify("ANN", "wrong"));
  // Whoever only tries has changed nothing.
  EXPECT_FALSE(has_account("ann@example.org"));
  const auth::LoginRecord first = log_in("Ann");
  EXPECT_EQ(first.name, "ann@example.org");
  EXPECT_EQ(log_in("ann@example.org").account, first.account);
  EXPECT_FALSE(*find("eve@example.org"));
  EXPECT_FALSE(*find("ann@elsewhere.example"));
  // No keys are kept of a password that is not ours.
  const auto profile = run(store_->profile(first.account));
  EXPECT_EQ(directory_of(*profile), "work");
}

TEST_F(AccountsTest, AnAccountIsMadeForTheFirstMail) {
  const auto entry = recipient("ann@example.org");
  ASSERT_TRUE(entry && *entry);
  EXPECT_FALSE((*entry)->alias || (*entry)->disabled);
  EXPECT_EQ((*recipient("ann@example.org"))->account, (*entry)->account);
  EXPECT_FALSE(*recipient("eve@example.org"));
  EXPECT_FALSE(*recipient("@example.org"));
  EXPECT_FALSE(*recipient("ann@elsewhere.example"));
}

TEST_F(AccountsTest, ADirectoryThatIsDownIsNeitherUnknownNorWrong) {
  const auth::LoginRecord ann = log_in("ann@example.org");
  work_->set_down(true);
  EXPECT_EQ(
      run(accounts_->verify(ann, std::make_shared<const auth::Secret>("secret"))).error().kind,
      ErrorKind::unavailable);
  make({"internal", "work"});
  EXPECT_EQ(find("ann@example.org").error().kind, ErrorKind::unavailable);
  EXPECT_EQ(find("eve@example.org").error().kind, ErrorKind::unavailable);
  EXPECT_EQ(recipient("ann@example.org").error().kind, ErrorKind::unavailable);
  EXPECT_EQ(recipient("eve@example.org").error().kind, ErrorKind::unavailable);
  // It does not concern the store's own accounts.
  const auto own = make_account("own@example.org");
  EXPECT_TRUE(*find("own@example.org"));
  EXPECT_EQ((*recipient("own@example.org"))->account, own->id());
  EXPECT_TRUE(lost_.empty());
}

TEST_F(AccountsTest, WhoeverIsDisabledIsRefused) {
  const auto record = find("off@example.org");
  ASSERT_TRUE(record && *record);
  EXPECT_EQ((*record)->state, auth::AccountState::disabled);
  EXPECT_TRUE((*recipient("off@example.org"))->disabled);
  EXPECT_FALSE(has_account("off@example.org"));
  const auto find_one = [this](std::string name) {
    return accounts_->find_recipient(std::move(name));
  };
  const auto refused = run(service::find_destinations(
      *store_, find_one, "+", {"off", "example.org", "off@example.org"}, 0));
  EXPECT_EQ(refused.error().kind, ErrorKind::no_permission);
  // With all they have: app passwords are in the record, and the record is refused.
  const AccountId ann = log_in("ann@example.org").account;
  work_->set("ann@example.org", {.password = "secret", .enabled = false});
  EXPECT_EQ((*find("ann@example.org"))->state, auth::AccountState::disabled);
  EXPECT_EQ(lost_, std::vector{ann});
  EXPECT_EQ((*find("ann@example.org"))->account, ann);
}

TEST_F(AccountsTest, WhoeverIsGoneIsUnknown) {
  const AccountId ann = log_in("ann@example.org").account;
  {
    const MutexLock lock(work_->mutex);
    work_->people.erase("ann@example.org");
  }
  EXPECT_FALSE(*find("ann@example.org"));
  EXPECT_EQ(lost_, std::vector{ann});
  EXPECT_EQ(*run(accounts_->forget("ann@example.org")), ann);
  EXPECT_FALSE(*recipient("ann@example.org"));
  EXPECT_TRUE(has_account("ann@example.org"));  // With the mail.
}

TEST_F(AccountsTest, UsersOfSessionsAreLookedAtAgain) {
  const AccountId ann = log_in("ann@example.org").account;
  const auto own = make_account("own@example.org");
  const auto look_again = [this](const std::string& name) {
    run(accounts_->look_again(name));
    return std::exchange(lost_, {});
  };
  EXPECT_TRUE(look_again("ann@example.org").empty());
  EXPECT_TRUE(look_again("own@example.org").empty());
  work_->set("ann@example.org", {.password = "secret", .enabled = false});
  EXPECT_TRUE(look_again("ann@example.org").empty());  // It is remembered how it was.
  clock_.advance(std::chrono::seconds(301));
  EXPECT_EQ(look_again("ann@example.org"), std::vector{ann});
  EXPECT_TRUE(look_again("own@example.org").empty());
  {
    const MutexLock lock(work_->mutex);
    work_->people.erase("ann@example.org");
  }
  clock_.advance(std::chrono::seconds(301));
  EXPECT_EQ(look_again("ann@example.org"), std::vector{ann});
  // Nobody's session ends because a directory is down.
  work_->set("ann@example.org", {.password = "secret"});
  clock_.advance(std::chrono::seconds(301));
  EXPECT_TRUE(look_again("ann@example.org").empty());
  work_->set_down(true);
  clock_.advance(std::chrono::seconds(301));
  EXPECT_TRUE(look_again("ann@example.org").empty());
  EXPECT_EQ(accounts_->look_again_after(), std::chrono::seconds(60));
}

TEST_F(AccountsTest, LoginsAskEachTimeAndDeliveriesDoNot) {
  EXPECT_TRUE(*recipient("ann@example.org"));
  const int before = work_->questions();
  EXPECT_TRUE(*recipient("ann@example.org"));
  EXPECT_EQ(work_->questions(), before);
  EXPECT_TRUE(*run(accounts_->find_recent("ann@example.org")));
  EXPECT_EQ(work_->questions(), before);
  EXPECT_TRUE(*find("ann@example.org"));
  EXPECT_EQ(work_->questions(), before + 1);
  EXPECT_TRUE(run(accounts_->forget("ann@example.org")));
  EXPECT_FALSE(*run(accounts_->find_recent("eve@example.org")));
}

TEST_F(AccountsTest, TheFirstDirectoryThatKnowsANameIsRight) {
  other_->set("ann@example.org", {.hash = std::string(kHash)});
  other_->set("eve@example.org", {.hash = std::string(kHash)});
  const auto own = make_account("eve@example.org");
  make({"internal", "work", "other"});
  EXPECT_FALSE((*find("ann@example.org"))->hash);
  EXPECT_FALSE((*find("eve@example.org"))->outside);
  make({"other", "internal", "work"});
  EXPECT_TRUE((*find("ann@example.org"))->hash);
  EXPECT_TRUE((*find("eve@example.org"))->hash);
  EXPECT_EQ((*find("eve@example.org"))->account, own->id());
  // While the first one is down, nobody can say what it would have said.
  other_->set_down(true);
  EXPECT_EQ(find("ann@example.org").error().kind, ErrorKind::unavailable);
  make({"work"});
  EXPECT_FALSE(*find("eve@example.org"));
}

TEST_F(AccountsTest, NobodyGetsTheAccountOfAnother) {
  make_account("boss@example.org");
  work_->set("evil@example.org", {.password = "secret", .name = "boss@example.org"});
  EXPECT_EQ(find("evil@example.org").error().kind, ErrorKind::unavailable);
  EXPECT_EQ(recipient("evil@example.org").error().kind, ErrorKind::unavailable);
  // A name that finds nobody.
  work_->set("lost@example.org", {.password = "secret", .name = "nobody@example.org"});
  EXPECT_EQ(find("lost@example.org").error().kind, ErrorKind::unavailable);
  // A short name of the same person.
  work_->set("a@example.org", {.password = "secret", .name = "ann@example.org"});
  EXPECT_EQ((*find("a@example.org"))->name, "ann@example.org");
  EXPECT_EQ(log_in("a@example.org").account, log_in("ann@example.org").account);
}

TEST_F(AccountsTest, AliasesLeadToAccounts) {
  alias("sales@example.org", {"ann@example.org"});
  alias("all@example.org", {"ann@example.org", "bob@example.org"});
  alias("@example.org", {"ann@example.org"});
  const auto sales = recipient("sales@example.org");
  ASSERT_TRUE(sales && *sales);
  EXPECT_TRUE((*sales)->alias);
  EXPECT_EQ((*sales)->account, log_in("ann@example.org").account);
  EXPECT_FALSE(*find("sales@example.org"));
  EXPECT_EQ((*recipient("all@example.org"))->targets,
            (std::vector<std::string>{"ann@example.org", "bob@example.org"}));
  EXPECT_EQ((*recipient("@example.org"))->account, (*sales)->account);
}

TEST_F(AccountsTest, AnAliasOfTheStoreIsNoWayAroundTheDirectory) {
  const AccountId ann = log_in("ann@example.org").account;
  EXPECT_TRUE(run(store_->add_alias("info@example.org", ann)));
  EXPECT_EQ((*recipient("info@example.org"))->account, ann);
  work_->set("ann@example.org", {.password = "secret", .enabled = false});
  make({"internal", "work"});
  EXPECT_TRUE((*recipient("info@example.org"))->disabled);
  work_->set_down(true);
  make({"internal", "work"});
  EXPECT_EQ(recipient("info@example.org").error().kind, ErrorKind::unavailable);
}

TEST_F(AccountsTest, GroupsAreThoseOfTheDirectory) {
  EXPECT_EQ(accounts_->groups()->find("ann@example.org"), nullptr);
  log_in("ann@example.org");
  EXPECT_EQ(*accounts_->groups()->find("ann@example.org"), std::vector<std::string>{"sales"});
  work_->set("ann@example.org", {.password = "secret"});
  log_in("ann@example.org");
  EXPECT_EQ(accounts_->groups()->find("ann@example.org"), nullptr);
}

// Saslauthd cannot say who exists.
TEST_F(AccountsTest, WhoeverLoggedInOnceGetsMail) {
  make({"internal", "pam"});
  EXPECT_FALSE(*recipient("ann@example.org"));
  log_in("ann@example.org");
  EXPECT_TRUE(*recipient("ann@example.org"));
}

}  // namespace
}  // namespace posthorn::app
