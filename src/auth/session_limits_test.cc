#include "auth/session_limits.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace posthorn::auth {
namespace {

TEST(SessionLimits, CountsPerUserAndSaysLimit) {
  SessionLimits limits({.total = 100, .per_user = 2, .per_network = 100});
  const AccountId anna = random_partition_id();
  auto one = limits.admit_user(anna);
  auto two = limits.admit_user(anna);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(limits.admit_user(anna).error().kind, ErrorKind::limit);
  EXPECT_TRUE(limits.admit_user(random_partition_id()));
  SessionLimits::Slot moved = std::move(*one);
  EXPECT_FALSE(limits.admit_user(anna));
  moved = {};
  EXPECT_EQ(limits.connections_of(anna), 1U);
  EXPECT_TRUE(limits.admit_user(anna));
}

TEST(SessionLimits, CountsPerNetworkAndInAll) {
  SessionLimits limits({.total = 4, .per_user = 9, .per_network = 2});
  std::vector<SessionLimits::Slot> slots;
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

TEST(SessionLimits, SlotsMayOutliveIt) {
  std::optional<SessionLimits::Slot> slot;
  {
    SessionLimits limits({});
    slot = *limits.admit_user(random_partition_id());
  }
  slot.reset();
}

}  // namespace
}  // namespace posthorn::auth
