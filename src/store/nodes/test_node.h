#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "async/offload.h"
#include "async/test_run_on.h"
#include "base/clock.h"
#include "store/account.h"
#include "store/change/upload.h"
#include "store/read/email_catalog.h"
#include "store/store.h"

namespace posthorn::store {

/// For tests: a store with loops and threads of its own, one of several over the same data.
class TestNode {
 public:
  TestNode(engine::Engine& engine, const Clock& clock, const StoreOptions& options = {})
      : engine_(engine) {
    auto opened = Store::open(engine, loops_, offload_, clock, options);
    EXPECT_TRUE(opened) << opened.error().text;
    store_ = std::move(*opened);
  }
  ~TestNode() {
    run(store_->close());
    store_.reset();
    loops_.stop_and_join();
  }
  TestNode(const TestNode&) = delete;
  TestNode& operator=(const TestNode&) = delete;

  Store& store() { return *store_; }
  engine::Engine& engine() { return engine_; }

  template <class T>
  T run(async::Task<T> task) {
    return async::run_on(loops_.at(0), std::move(task));
  }

  AccountPtr open(const AccountId& id) {
    auto account = run(store_->account(id));
    EXPECT_TRUE(account) << account.error().text;
    return account ? *account : nullptr;
  }
  AccountPtr make(const std::string& name) {
    auto id = run(store_->create_account(name, "", {}));
    EXPECT_TRUE(id) << id.error().text;
    return open(*id);
  }

  static std::string message(const std::string& subject) {
    return "From: Ann <ann@example.org>\r\nSubject: " + subject +
           "\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nHello, " + subject + ".\r\n";
  }
  /// Takes a message in, for a change of this node.
  Result<NewEmail> take_in(const AccountId& scope, std::string octets) {
    return run(upload(*store_, scope, std::move(octets)));
  }

  Status change(const AccountPtr& account, std::vector<MailboxId> needs, ChangeFunction function) {
    auto done =
        run(account->change(Actor::user(account->id()), std::move(needs), std::move(function)));
    return done ? Status() : pass(done);
  }
  /// Appends `count` messages with the same octets in one change.
  Status append(const AccountPtr& account, MailboxId mailbox, const std::string& subject,
                std::uint32_t count = 1) {
    auto email = take_in(account->id(), message(subject));
    if (!email) return pass(email);
    return change(account, {}, [&](Change& c) -> Status {
      for (std::uint32_t i = 0; i < count; ++i)
        if (auto uid = c.append(mailbox, *email, {}, {}); !uid) return pass(uid);
      return {};
    });
  }
  Status expunge(const AccountPtr& account, MailboxId mailbox, std::uint32_t first,
                 std::uint32_t last) {
    return change(account, {mailbox}, [&](Change& c) -> Status {
      auto gone = c.expunge(mailbox, NumberSet::from_ranges({{first, last}}));
      return gone ? Status() : pass(gone);
    });
  }

  std::size_t groups(const AccountPtr& account) {
    const auto groups = run(account->emails().load(true));
    EXPECT_TRUE(groups);
    return groups ? (*groups)->size() : 0;
  }

  void expect_sound() {
    const auto report = run(store_->check(true));
    ASSERT_TRUE(report) << report.error().text;
    for (const std::string& finding : report->findings) ADD_FAILURE() << finding;
  }

 private:
  static async::Task<Result<NewEmail>> upload(Store& store, AccountId scope, std::string octets) {
    Upload upload(store, scope);
    if (Status fed = co_await upload.feed(octets); !fed) co_return pass(fed);
    co_return co_await upload.finish();
  }

  engine::Engine& engine_;
  async::LoopPool loops_{2};
  async::OffloadPool offload_{2, 1000};
  std::unique_ptr<Store> store_;
};

/// Waits until `done` returns true, at most half a minute. Returns whether it did.
template <class Done>
bool comes_true(Done done) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < until) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

}  // namespace posthorn::store
