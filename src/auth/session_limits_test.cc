#include "auth/session_limits.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "async/event.h"
#include "async/loop.h"
#include "async/test_run_on.h"
#include "base/clock.h"

namespace posthorn::auth {
namespace {

Identity user(const AccountId& account, std::uint64_t app_password = 0) {
  return {.account = account, .name = "anna", .app_password = app_password};
}

TEST(SessionLimits, CountsPerUserAndSaysLimit) {
  SessionLimits limits({.total = 100, .per_user = 2, .per_network = 100});
  const AccountId anna = random_partition_id();
  auto one = limits.admit_user(user(anna));
  auto two = limits.admit_user(user(anna));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(limits.admit_user(user(anna)).error().kind, ErrorKind::limit);
  EXPECT_TRUE(limits.admit_user(user(random_partition_id())));
  SessionLimits::Slot moved = std::move(*one);
  EXPECT_FALSE(limits.admit_user(user(anna)));
  moved = {};
  EXPECT_EQ(limits.connections_of(anna), 1U);
  EXPECT_TRUE(limits.admit_user(user(anna)));
}

TEST(SessionLimits, CountsPerNetworkAndInAll) {
  SessionLimits limits({.total = 4, .per_user = 9, .per_network = 2});
  std::vector<SessionLimits::ConnectionSlot> slots;
  slots.push_back(*limits.admit_connection("192.0.2.1:1"));
  slots.push_back(*limits.admit_connection("192.0.2.1:2"));
  EXPECT_EQ(limits.admit_connection("192.0.2.1:3").error().kind, ErrorKind::limit);
  slots.push_back(*limits.admit_connection("unix"));
  slots.push_back(*limits.admit_connection("unix"));
  EXPECT_EQ(limits.admit_connection("192.0.2.9:1").error().kind, ErrorKind::limit);
  EXPECT_EQ(limits.connections(), 4U);
  slots.clear();
  EXPECT_EQ(limits.connections(), 0U);
  EXPECT_TRUE(limits.admit_connection("192.0.2.1:3"));
}

TEST(SessionLimits, WhoHasNotLoggedInCannotTakeThePlacesOfUsers) {
  SessionLimits limits(
      {.total = 10, .per_network = 4, .before_login = 3, .before_login_per_network = 2});
  std::vector<SessionLimits::ConnectionSlot> slots;
  slots.push_back(*limits.admit_connection("192.0.2.1:1"));
  slots.push_back(*limits.admit_connection("192.0.2.1:2"));
  EXPECT_EQ(limits.admit_connection("192.0.2.1:3").error().kind, ErrorKind::limit);
  slots.push_back(*limits.admit_connection("192.0.2.2:1"));
  EXPECT_EQ(limits.admit_connection("192.0.2.3:1").error().kind, ErrorKind::limit);
  // A mail server that delivers does not need one of these places, and has a limit of its own.
  std::vector<SessionLimits::ConnectionSlot> deliveries;
  for (int i = 0; i < 4; ++i)
    deliveries.push_back(
        *limits.admit_connection("192.0.2.1:9", SessionLimits::Client::needs_no_login));
  EXPECT_FALSE(limits.admit_connection("192.0.2.1:9", SessionLimits::Client::needs_no_login));
  deliveries.clear();
  slots[0].logged_in();
  slots[0].logged_in();
  slots.push_back(*limits.admit_connection("192.0.2.1:3"));
  EXPECT_FALSE(limits.admit_connection("192.0.2.1:4"));
  slots.clear();
  EXPECT_EQ(limits.connections(), 0U);
  for (int i = 0; i < 3; ++i)
    slots.push_back(*limits.admit_connection(fmt::format("192.0.2.{}:1", i)));
}

TEST(SessionLimits, WiderNetworksOfIpv6AreLimitedToo) {
  SessionLimits limits({.per_network = 2});
  std::vector<SessionLimits::ConnectionSlot> slots;
  // Each from a /64 of its own: four of one /56, eight of one /48.
  const auto admit = [&](int site, int line, int home) {
    auto slot =
        limits.admit_connection(fmt::format("[2001:db8:{:x}:{:02x}{:02x}::1]:9", site, line, home));
    if (slot) slots.push_back(std::move(*slot));
    return slot.has_value();
  };
  for (int home = 0; home < 4; ++home) EXPECT_TRUE(admit(1, 0, home));
  EXPECT_FALSE(admit(1, 0, 4));
  for (int home = 0; home < 4; ++home) EXPECT_TRUE(admit(1, 1, home));
  EXPECT_FALSE(admit(1, 2, 0));
  EXPECT_TRUE(admit(2, 2, 0));
  slots.clear();
  EXPECT_TRUE(admit(1, 0, 4));
}

async::Task<void> call(const std::function<void()>& work) {
  work();
  co_return;
}
/// Does it on that loop, and waits for it.
void on(async::Loop& loop, const std::function<void()>& work) { async::run_on(loop, call(work)); }

TEST(SessionLimits, EndsTheSessionsOfAnAccount) {
  async::LoopPool loops(2);
  SessionLimits limits({});
  const AccountId anna = random_partition_id();
  std::atomic<int> ended = 0;
  std::vector<SessionLimits::Slot> slots;
  const auto admit = [&](std::size_t loop, const AccountId& account) {
    on(loops.at(loop),
       [&] { slots.push_back(*limits.admit_user(user(account), [&] { ++ended; })); });
  };
  admit(0, anna);
  admit(1, anna);
  admit(1, anna);
  admit(1, random_partition_id());
  on(loops.at(1), [&] { slots.erase(slots.begin() + 1); });
  EXPECT_EQ(limits.end_sessions(anna), 2U);
  EXPECT_EQ(limits.end_sessions(random_partition_id()), 0U);
  // It is posted, and thus done once each loop has done something that was posted later.
  for (std::size_t i = 0; i < loops.size(); ++i) on(loops.at(i), [] {});
  EXPECT_EQ(ended, 2);
}

TEST(SessionLimits, EndsTheSessionsOfAnAppPasswordAndThoseOfAMaster) {
  async::LoopPool loops(1);
  SessionLimits limits({});
  const AccountId anna = random_partition_id();
  const AccountId master = random_partition_id();
  std::atomic<int> ended = 0;
  std::vector<SessionLimits::Slot> slots;
  const auto admit = [&](const Identity& identity) {
    on(loops.at(0), [&] { slots.push_back(*limits.admit_user(identity, [&] { ++ended; })); });
  };
  admit(user(anna));
  admit(user(anna, 1));
  admit(user(anna, 2));
  Identity acting = user(anna);
  acting.master = {master, "master", 1};
  admit(acting);
  admit(acting);
  on(loops.at(0), [&] { slots.pop_back(); });
  EXPECT_EQ(limits.end_sessions(anna, 2), 1U);
  EXPECT_EQ(limits.end_sessions(master), 1U);
  on(loops.at(0), [] {});
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(limits.end_sessions(anna), 4U);  // Also those that were told, and are still there.
  on(loops.at(0), [&] { slots.clear(); });
  EXPECT_EQ(limits.end_sessions(master), 0U);
}

/// A session that has logged in on one of several loops.
class Live final : public LiveSession {
 public:
  Live(async::Loop& loop, SessionLimits& limits, const AccountId& account, std::uint64_t number,
       std::optional<std::int64_t> expires = {})
      : loop_(loop), number_(number) {
    Identity identity = user(account);
    identity.expires = expires;
    run([&] { slot_ = *limits.admit_user(identity, [] {}, this); });
  }
  ~Live() override {
    run([&] { slot_.reset(); });
  }
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  [[nodiscard]] SessionView view() const override {
    EXPECT_EQ(async::Loop::current(), &loop_);
    return {.protocol = "imap", .user = "anna", .peer = "unix", .session = number_, .tls = {}};
  }
  void end(std::string_view words) override {
    EXPECT_EQ(async::Loop::current(), &loop_);
    ended = words;
  }
  void show_to(std::shared_ptr<Tap> tap) override {
    EXPECT_EQ(async::Loop::current(), &loop_);
    shown = std::move(tap);
  }
  /// Waits for what was posted to the loop before.
  void settle() {
    run([] {});
  }

  std::string ended;
  std::shared_ptr<Tap> shown;

 private:
  void run(const std::function<void()>& work) {
    async::run_on(loop_, [](const std::function<void()>& todo) -> async::Task<void> {
      todo();
      co_return;
    }(work));
  }

  async::Loop& loop_;
  const std::uint64_t number_;
  std::optional<SessionLimits::Slot> slot_;
};

class NullTap final : public Tap {
 public:
  void received(std::string_view) override {}
  void sent(std::string_view) override {}
};

TEST(SessionLimits, ListsTheSessionsOfAllLoops) {
  async::LoopPool loops(2);
  SessionLimits limits({});
  const AccountId anna = random_partition_id();
  const AccountId ben = random_partition_id();
  const Live third(loops.at(0), limits, anna, 3);
  const Live first(loops.at(1), limits, anna, 1);
  const Live second(loops.at(0), limits, ben, 2);
  const auto numbers = [&](std::optional<AccountId> account) {
    std::vector<std::uint64_t> found;
    for (const SessionView& view : async::run_on(loops.at(0), limits.sessions(account)))
      found.push_back(view.session);
    return found;
  };
  EXPECT_EQ(numbers(std::nullopt), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(numbers(anna), (std::vector<std::uint64_t>{1, 3}));
  EXPECT_EQ(numbers(random_partition_id()), std::vector<std::uint64_t>{});
  EXPECT_EQ(limits.logged_in(), 3U);
}

TEST(SessionLimits, EndsOneSessionOrThoseOfAnAccount) {
  async::LoopPool loops(2);
  SessionLimits limits({});
  const AccountId anna = random_partition_id();
  Live one(loops.at(0), limits, anna, 1);
  Live two(loops.at(1), limits, anna, 2);
  Live other(loops.at(1), limits, random_partition_id(), 3);
  EXPECT_EQ(async::run_on(loops.at(0), limits.end_session(2, "enough")), "anna");
  EXPECT_EQ(async::run_on(loops.at(0), limits.end_session(9, "enough")), std::nullopt);
  EXPECT_EQ(two.ended, "enough");
  EXPECT_EQ(one.ended, "");
  EXPECT_EQ(limits.end_sessions(anna, "go"), 2U);
  for (Live* const live : {&one, &two, &other}) live->settle();
  EXPECT_EQ(one.ended, "go");
  EXPECT_EQ(two.ended, "go");
  EXPECT_EQ(other.ended, "");
}

TEST(SessionLimits, ASessionEndsWithItsToken) {
  async::LoopPool loops(1);
  SessionLimits limits({});
  const AccountId anna = random_partition_id();
  const std::int64_t now = system_clock().now().seconds;
  Live past(loops.at(0), limits, anna, 1, now - 10);
  Live soon(loops.at(0), limits, anna, 2, now + 1);
  Live later(loops.at(0), limits, anna, 3, now + 3600);
  Live far(loops.at(0), limits, anna, 4, 1'000'000'000'000'000);
  Live password(loops.at(0), limits, anna, 5);
  // Gone before its token.
  std::optional<Live> gone(std::in_place, loops.at(0), limits, anna, 6, now + 1);
  gone.reset();
  async::run_on(loops.at(0), async::sleep_for(std::chrono::milliseconds(2500)));
  EXPECT_EQ(past.ended, SessionLimits::kTokenExpired);
  EXPECT_EQ(soon.ended, SessionLimits::kTokenExpired);
  for (const Live* const live : {&later, &far, &password}) EXPECT_EQ(live->ended, "");
}

TEST(SessionLimits, ShowsSessionsThatRunAndThoseThatBegin) {
  async::LoopPool loops(2);
  SessionLimits limits({});
  const AccountId anna = random_partition_id();
  Live early(loops.at(0), limits, anna, 1);
  limits.trace(anna, [](const SessionView&) { return std::make_shared<NullTap>(); });
  early.settle();
  EXPECT_NE(early.shown, nullptr);
  Live late(loops.at(1), limits, anna, 2);
  EXPECT_NE(late.shown, nullptr);
  Live other(loops.at(1), limits, random_partition_id(), 3);
  EXPECT_EQ(other.shown, nullptr);
  limits.trace(anna, nullptr);
  for (Live* const live : {&early, &late}) live->settle();
  EXPECT_EQ(early.shown, nullptr);
  EXPECT_EQ(late.shown, nullptr);
  Live after(loops.at(0), limits, anna, 4);
  EXPECT_EQ(after.shown, nullptr);
}

TEST(SessionLimits, SlotsMayOutliveIt) {
  std::optional<SessionLimits::Slot> slot;
  {
    SessionLimits limits({});
    slot = *limits.admit_user(user(random_partition_id()));
  }
  slot.reset();
}

}  // namespace
}  // namespace posthorn::auth
