#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "async/loop.h"
#include "async/offload.h"
#include "async/test_run_on.h"
#include "engine/memory/memory_engine.h"
#include "store/account.h"
#include "store/change/upload.h"
#include "store/store.h"

namespace posthorn::store {

/// A test fixture: a store on a memory engine with two loops; tests run tasks on the first.
class StoreFixture : public testing::Test {
 protected:
  StoreFixture() { reopen(); }
  ~StoreFixture() override { shut(); }

  /// Simulates a restart: only the engine's data remains.
  void reopen() {
    shut();
    loops_ = std::make_unique<async::LoopPool>(2);
    offload_ = std::make_unique<async::OffloadPool>(2, 1000);
    auto opened = Store::open(*engine_, *loops_, *offload_, clock_, options_);
    ASSERT_TRUE(opened) << opened.error().text;
    store_ = std::move(*opened);
  }

  void shut() {
    if (!store_) return;
    run(store_->close());
    store_.reset();
    loops_->stop_and_join();
    loops_.reset();
    offload_.reset();
  }

  /// Runs a task on the first loop and waits for it.
  template <class T>
  T run(async::Task<T> task) {
    return async::run_on(loops_->at(0), std::move(task));
  }

  AccountPtr make_account(std::string name) {
    auto id = run(store_->create_account(name, "", {}));
    EXPECT_TRUE(id) << id.error().text;
    return open_account(*id);
  }
  AccountPtr open_account(const AccountId& id) {
    auto account = run(store_->account(id));
    EXPECT_TRUE(account) << account.error().text;
    return *account;
  }

  NewEmail upload(const AccountPtr& account, std::string octets) {
    return run(upload_task(*store_, account->id(), std::move(octets)));
  }
  static async::Task<NewEmail> upload_task(Store& store, AccountId scope, std::string octets) {
    Upload upload(store, scope);
    EXPECT_TRUE(co_await upload.feed(octets));
    auto email = co_await upload.finish();
    EXPECT_TRUE(email) << email.error().text;
    co_return *email;
  }

  static std::string message(const std::string& subject) {
    return "From: Ann <ann@example.org>\r\nSubject: " + subject +
           "\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nHello, " + subject + ".\r\n";
  }

  Status change(const AccountPtr& account, std::vector<MailboxId> needs, ChangeFunction function) {
    auto done =
        run(account->change(Actor::user(account->id()), std::move(needs), std::move(function)));
    if (!done) return pass(done);
    return {};
  }

  ManualClock clock_{1'790'000'000};
  StoreOptions options_;
  std::unique_ptr<engine::Engine> engine_ = std::make_unique<engine::MemoryEngine>();
  std::unique_ptr<async::LoopPool> loops_;
  std::unique_ptr<async::OffloadPool> offload_;
  std::unique_ptr<Store> store_;
};

}  // namespace posthorn::store
