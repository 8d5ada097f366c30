#include "auth/throttle.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "auth/peer.h"

namespace posthorn::auth {
namespace {

using std::chrono::milliseconds;
using Named = Throttle::Named;

class Throttling : public testing::Test {
 protected:
  milliseconds delay(std::string_view user, std::string_view peer) {
    const auto attempt = throttle_.admit(user, peer);
    return attempt ? attempt->delay : milliseconds(-1);
  }
  void guess(int from, int to, std::string_view user = "anna",
             std::string_view peer = "192.0.2.1:1000") {
    for (int i = from; i < to; ++i)
      throttle_.failed(user, peer, Named::account, "guess " + std::to_string(i));
  }
  ManualClock clock_{1'000'000};
  Throttle throttle_{{.max_entries = 100}, clock_};
};

TEST_F(Throttling, GrowsWithEveryDifferentGuess) {
  guess(0, 4);
  EXPECT_EQ(delay("anna", "192.0.2.1:2000"), milliseconds(0));
  guess(4, 5);
  EXPECT_EQ(delay("anna", "192.0.2.1:2000"), milliseconds(1000));
  guess(5, 6);
  EXPECT_EQ(delay("ANNA", "192.0.2.1:2000"), milliseconds(2000));
  guess(6, 60);
  EXPECT_EQ(delay("anna", "192.0.2.1:2000"), milliseconds(15'000));
}

TEST_F(Throttling, CountsARepeatedPasswordOnce) {
  for (int i = 0; i < 1000; ++i)
    throttle_.failed("anna", "192.0.2.1:1000", Named::account, "last year's");
  EXPECT_EQ(delay("anna", "192.0.2.1:1000"), milliseconds(0));
  for (int i = 0; i < 5; ++i)
    throttle_.failed("anna", "192.0.2.1:1000", Named::account, std::nullopt);
  EXPECT_GT(delay("anna", "192.0.2.1:1000"), milliseconds(0));
}

TEST_F(Throttling, KeepsUsersAndNetworksApart) {
  guess(0, 20);
  EXPECT_EQ(delay("anna", "192.0.2.2:1000"), milliseconds(0));
  EXPECT_EQ(delay("bob", "192.0.2.1:1000"), milliseconds(0));
}

TEST_F(Throttling, TrustsWhereTheUserGotInLatelyWithinBounds) {
  throttle_.succeeded("anna", "192.0.2.1:1000");
  guess(0, 49);
  EXPECT_EQ(delay("anna", "192.0.2.1:1000"), milliseconds(0));
  // Somebody else in the same network: he does not get as many guesses as he likes.
  guess(49, 50);
  EXPECT_EQ(delay("anna", "192.0.2.1:1000"), milliseconds(1000));
  guess(50, 60);
  EXPECT_EQ(delay("anna", "192.0.2.1:1000"), milliseconds(15'000));
  // Nor by waiting for the user's next login.
  throttle_.succeeded("anna", "192.0.2.1:1000");
  EXPECT_EQ(delay("anna", "192.0.2.1:1000"), milliseconds(0));
  guess(60, 80);
  EXPECT_EQ(delay("anna", "192.0.2.1:1000"), milliseconds(1000));
  clock_.advance(std::chrono::days(7));
  guess(80, 90);
  EXPECT_GT(delay("anna", "192.0.2.1:1000"), milliseconds(0));
}

TEST_F(Throttling, APhoneThatRepeatsAnOldPasswordUnseenDoesNotSlowItsOwner) {
  throttle_.succeeded("anna", "192.0.2.1:1000");
  for (int minute = 0; minute < 24 * 60; ++minute) {
    throttle_.failed("anna", "192.0.2.1:1000", Named::account, std::nullopt);
    clock_.advance(std::chrono::minutes(1));
    EXPECT_EQ(delay("anna", "192.0.2.1:1000"), milliseconds(0)) << minute;
    if (minute % 15 == 0) throttle_.succeeded("anna", "192.0.2.1:1000");
  }
}

TEST_F(Throttling, AttemptsNotJudgedYetCount) {
  std::vector<Throttle::Attempt> undelayed;
  std::vector<Throttle::Attempt> delayed;
  std::size_t refused = 0;
  for (int i = 0; i < 1000; ++i) {
    auto attempt = throttle_.admit("anna", "192.0.2.1:1", "guess " + std::to_string(i));
    if (!attempt) {
      ++refused;
    } else {
      (attempt->delay.count() > 0 ? delayed : undelayed).push_back(std::move(*attempt));
    }
  }
  EXPECT_EQ(undelayed.size(), 5U);
  EXPECT_EQ(delayed.size(), 16U);
  EXPECT_EQ(refused, 979U);
  undelayed.clear();
  delayed.clear();
  // The same password many times, as by a client that opens many connections, is one guess.
  for (int i = 0; i < 100; ++i) {
    undelayed.push_back(throttle_.admit("anna", "192.0.2.1:1", "the same").value());
    EXPECT_EQ(undelayed.back().delay, milliseconds(0));
  }
}

TEST_F(Throttling, ANetworkThatTriesManyUsersIsSlowed) {
  throttle_.succeeded("anna", "192.0.2.1:1");
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(delay("bob", "192.0.2.1:1"), milliseconds(0)) << i;
    throttle_.failed("user" + std::to_string(i), "192.0.2.1:1", Named::account, "Summer2026!");
  }
  EXPECT_EQ(delay("bob", "192.0.2.1:1"), milliseconds(1000));
  EXPECT_EQ(delay("anna", "192.0.2.1:1"), milliseconds(0));
  EXPECT_EQ(delay("bob", "192.0.2.2:1"), milliseconds(0));
}

TEST_F(Throttling, ManyNetworksOfOneSiteAreSlowedTogether) {
  for (int i = 0; i < 800; ++i)
    throttle_.failed("user" + std::to_string(i), fmt::format("[2001:db8:0:{:x}00::1]:5", i % 256),
                     Named::account, "Summer2026!");
  EXPECT_EQ(delay("bob", "[2001:db8:0:ffff::1]:5"), milliseconds(1000));
  EXPECT_EQ(delay("bob", "[2001:db8:1:ffff::1]:5"), milliseconds(0));
}

TEST_F(Throttling, AUserWhomManyNetworksTryIsSlowedWhereHeIsNotTrusted) {
  throttle_.succeeded("anna", "192.0.2.1:1");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(delay("anna", "203.0.113.1:1"), milliseconds(0)) << i;
    throttle_.failed("anna", fmt::format("198.51.100.{}:1", i), Named::account, "x");
  }
  EXPECT_EQ(delay("anna", "203.0.113.1:1"), milliseconds(1000));
  EXPECT_EQ(delay("anna", "192.0.2.1:1"), milliseconds(0));
  // A name of no account is treated alike.
  for (int i = 0; i < 100; ++i)
    throttle_.failed("nobody", fmt::format("198.51.100.{}:1", i), Named::nobody, "x");
  EXPECT_EQ(delay("nobody", "203.0.113.1:1"), milliseconds(1000));
  EXPECT_EQ(throttle_.pardon("anna"), 100U);
  EXPECT_EQ(delay("anna", "203.0.113.1:1"), milliseconds(0));
}

TEST_F(Throttling, ASuccessEndsTheDelay) {
  guess(0, 50);
  throttle_.succeeded("anna", "192.0.2.1:1000");
  EXPECT_EQ(delay("anna", "192.0.2.1:1000"), milliseconds(0));
}

TEST_F(Throttling, ForgetsWithTime) {
  guess(0, 50);
  clock_.advance(std::chrono::seconds(3599));
  EXPECT_GT(delay("anna", "192.0.2.1:1000"), milliseconds(0));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(delay("anna", "192.0.2.1:1000"), milliseconds(0));
  guess(0, 1);
  EXPECT_EQ(delay("anna", "192.0.2.1:1000"), milliseconds(0));
}

TEST_F(Throttling, LetsOnlyAFewWait) {
  guess(0, 50);
  std::vector<Throttle::Attempt> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(throttle_.admit("anna", "192.0.2.1:1").value());
  EXPECT_FALSE(throttle_.admit("anna", "192.0.2.1:1"));
  waiting.pop_back();
  EXPECT_TRUE(throttle_.admit("anna", "192.0.2.1:1"));
}

TEST_F(Throttling, StaysBoundedAndShowsAndPardons) {
  for (int i = 0; i < 1000; ++i)
    guess(0, 6, "user" + std::to_string(i), fmt::format("192.0.{}.{}:1", i / 250, i % 250));
  EXPECT_EQ(throttle_.size(), 300U);  // At users from networks, by networks, and at users.
  const auto slowed = throttle_.slowed(3);
  ASSERT_EQ(slowed.size(), 3U);
  EXPECT_EQ(slowed[0].user, "user999");
  EXPECT_EQ(slowed[0].network, "192.0.3.249");
  EXPECT_EQ(slowed[0].guesses, 6U);
  EXPECT_EQ(throttle_.pardon("User999"), 1U);
  EXPECT_EQ(delay("user999", "192.0.3.249:1"), milliseconds(0));
  EXPECT_GT(delay("user998", "192.0.3.248:1"), milliseconds(0));
}

/// Logins with names of no account, all different.
void stray(Throttle& throttle, int count, std::string_view peer, std::string_view word = "stray") {
  for (int i = 0; i < count; ++i)
    throttle.failed(std::string(word) + std::to_string(i), peer, Named::nobody, "x");
}

// A hundred thousand attempts, as over pipelined connections.
TEST(ThrottleFlood, InventedNamesEmptyNoCounterOfAnAccount) {
  ManualClock clock{1'000'000};
  Throttle throttle({.max_entries = 1000}, clock);
  const std::string peer = "192.0.2.1:1000";
  const auto delay = [&](std::string_view user) { return throttle.admit(user, peer)->delay; };
  for (int i = 0; i < 60; ++i)
    throttle.failed("victim", peer, Named::account, "guess " + std::to_string(i));
  for (int i = 0; i < 4; ++i)
    throttle.failed("begun", "192.0.2.9:1", Named::account, "guess " + std::to_string(i));
  throttle.succeeded("trusted", peer);
  ASSERT_EQ(delay("victim"), milliseconds(15'000));
  for (int i = 0; i < 100'000; ++i) {
    throttle.failed(i % 2 == 0 ? "" : "name" + std::to_string(i), peer, Named::nobody,
                    std::to_string(i));
  }
  EXPECT_EQ(delay("victim"), milliseconds(15'000));
  EXPECT_EQ(delay("trusted"), milliseconds(0));
  EXPECT_LE(throttle.size(), 2010U);
  // The fifth guess still counts as the fifth.
  throttle.failed("begun", "192.0.2.9:1", Named::account, "guess 5");
  EXPECT_EQ(throttle.admit("begun", "192.0.2.9:1")->delay, milliseconds(1000));
}

TEST(ThrottleFlood, AccountsNotDelayedYetPushOutNoneThatIs) {
  ManualClock clock{1'000'000};
  Throttle throttle({.max_entries = 100}, clock);
  for (int i = 0; i < 60; ++i)
    throttle.failed("victim", "192.0.2.1:1", Named::account, "guess " + std::to_string(i));
  // Real accounts, once each from a thousand networks.
  for (int i = 0; i < 1000; ++i)
    throttle.failed("account" + std::to_string(i), fmt::format("[2001:db8:0:{:x}::1]:5", i),
                    Named::account, "x");
  EXPECT_EQ(throttle.admit("victim", "192.0.2.1:1")->delay, milliseconds(15'000));
}

TEST_F(Throttling, NamesOfNobodyCountAgainstTheirNetwork) {
  throttle_.succeeded("anna", "192.0.2.1:1");
  stray(throttle_, 49, "192.0.2.1:1");
  EXPECT_EQ(delay("bob", "192.0.2.1:1"), milliseconds(0));
  stray(throttle_, 49, "192.0.2.1:1");  // The same again.
  EXPECT_EQ(delay("bob", "192.0.2.1:1"), milliseconds(0));
  stray(throttle_, 1, "192.0.2.1:1", "other");
  EXPECT_EQ(delay("bob", "192.0.2.1:1"), milliseconds(1000));
  EXPECT_EQ(delay("", "192.0.2.1:1"), milliseconds(1000));
  EXPECT_EQ(delay("anna", "192.0.2.1:1"), milliseconds(0));  // Was let in from there lately.
  EXPECT_EQ(delay("bob", "192.0.2.2:1"), milliseconds(0));
  stray(throttle_, 80, "192.0.2.1:1", "more");
  EXPECT_EQ(delay("bob", "192.0.2.1:1"), milliseconds(15'000));
  const auto slowed = throttle_.slowed(10);
  ASSERT_EQ(slowed.size(), 1U);
  EXPECT_EQ(slowed[0].user, "");
  EXPECT_EQ(slowed[0].network, "192.0.2.1");
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(delay("bob", "192.0.2.1:1"), milliseconds(0));
}

// The delay must not reveal whether a name is that of an account.
TEST_F(Throttling, GuessesAtANameOfNobodyAreDelayedAlike) {
  for (int i = 0; i < 6; ++i)
    throttle_.failed("nobody", "192.0.2.1:1", Named::nobody, "guess " + std::to_string(i));
  guess(0, 6);
  EXPECT_EQ(delay("nobody", "192.0.2.1:1"), delay("anna", "192.0.2.1:1"));
  EXPECT_EQ(delay("nobody", "192.0.2.1:1"), milliseconds(2000));
}

TEST(Peer, NamesTheNetwork) {
  EXPECT_EQ(network_of("192.0.2.1:40000"), "192.0.2.1");
  EXPECT_EQ(network_of("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(network_of("[2001:db8:1:2:3:4:5:6]:40000"), "2001:db8:1:2::/64");
  EXPECT_EQ(network_of("2001:db8:1:2::9"), "2001:db8:1:2::/64");
  EXPECT_EQ(network_of("[fe80::1%eth0]:40000"), "fe80::/64");
  EXPECT_EQ(network_of("[::ffff:192.0.2.1]:40000"), "192.0.2.1");
  EXPECT_EQ(network_of("unix"), "unix");
  EXPECT_EQ(network_of(""), "");
  EXPECT_EQ(network_of("["), "");
}

}  // namespace
}  // namespace posthorn::auth
