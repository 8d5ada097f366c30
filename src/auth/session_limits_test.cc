#include "auth/session_limits.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "async/loop.h"
#include "async/test_run_on.h"

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
