// What Account::change gives back: the value of the attempt that was committed, and who made it.

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "async/event.h"
#include "async/gate.h"
#include "engine/faulty/faulty_engine.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

class ReceiptTest : public StoreFixture {
 protected:
  ReceiptTest() {
    auto faulty = std::make_unique<engine::FaultyEngine>(std::move(engine_));
    control_ = faulty.get();
    shut();
    engine_ = std::move(faulty);
    reopen();
    account_ = make_account("ann@example.org");
  }
  ~ReceiptTest() override { account_.reset(); }

  engine::FaultyEngine* control_ = nullptr;
  AccountPtr account_;
};

TEST_F(ReceiptTest, TheValueIsWhatTheFunctionReturned) {
  const Actor ann = Actor::user(account_->id());
  std::optional<Actor> by;
  const auto make = [&](Change& change) {
    by = change.by();
    return change.create_mailbox({.name = "Lists"});
  };
  const auto made = run(account_->change(ann, {}, make));
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->changed);
  EXPECT_EQ(made->state->find(made->value)->name, "Lists");
  ASSERT_TRUE(by);
  EXPECT_EQ(by->account, ann.account);

  const auto nothing = run(account_->change(ann, {}, [](Change&) { return Result<int>(7); }));
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(nothing->changed);
  EXPECT_EQ(nothing->value, 7);
  EXPECT_EQ(run(account_->change(ann, {}, make)).error().kind, ErrorKind::already_exists);
}

async::Task<void> create(Account& account, std::string name, Result<ChangeReceipt>& done) {
  done = co_await account.change(Actor::upkeep(), {}, [&](Change& change) -> Status {
    auto made = change.create_mailbox({.name = name});
    return made ? Status() : pass(made);
  });
}

async::Task<void> count_attempts(Account& account, Result<ValueReceipt<int>>& done) {
  int attempts = 0;
  done = co_await account.change(Actor::upkeep(), {}, [&](Change& change) -> Result<int> {
    auto made = change.create_mailbox({.name = "Second"});
    if (!made) return pass(made);
    return ++attempts;
  });
}

/// Two changes wait in the engine. The first fails, and so the second, which was computed from it,
/// is computed again.
async::Task<void> fail_the_first(engine::FaultyEngine& control, Account& account,
                                 Result<ChangeReceipt>& first, Result<ValueReceipt<int>>& second) {
  control.hold_back();
  async::Gate gate;
  gate.spawn(create(account, "First", first));
  gate.spawn(count_attempts(account, second));
  while (control.held_back() < 2) co_await async::sleep_for(std::chrono::milliseconds(1));
  control.fail_commits(engine::CommitFault::fails);
  control.let_all_go();
  co_await gate.wait_empty();
}

TEST_F(ReceiptTest, AnAttemptThatCameToNothingLeavesNoValue) {
  Result<ChangeReceipt> first = fail(ErrorKind::server_bug, "");
  Result<ValueReceipt<int>> second = fail(ErrorKind::server_bug, "");
  run(fail_the_first(*control_, *account_, first, second));
  EXPECT_FALSE(first);
  ASSERT_TRUE(second) << second.error().text;
  EXPECT_EQ(second->value, 2);
  EXPECT_EQ(account_->published()->find("First"), nullptr);
  EXPECT_NE(account_->published()->find("Second"), nullptr);
}

}  // namespace
}  // namespace posthorn::store
