#include "server/frame/connections.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "async/event.h"
#include "async/loop.h"
#include "async/test_run_on.h"
#include "server/frame/test_scripted_stream.h"

namespace posthorn::server::frame {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

enum class Manners : std::uint8_t {
  polite,  ///< Leaves when it is woken.
  stuck,   ///< Leaves only when it is cut off.
};

/// Records when a peer was told what. Written by the peer's loop, read after stop() has finished.
struct Told {
  std::optional<steady_clock::time_point> woken;
  std::optional<steady_clock::time_point> cut;
};

/// A peer that sends nothing.
class Peer final : public ScriptedStream {
 public:
  Peer(Manners manners, Told& told) : ScriptedStream("", 1), manners_(manners), told_(told) {}

  async::Task<Result<bool>> wait_readable(milliseconds) override {
    co_await left_.wait();
    co_return false;
  }
  void wake() override {
    told_.woken = steady_clock::now();
    if (manners_ == Manners::polite) leave();
  }
  void shutdown_now() override {
    told_.cut = steady_clock::now();
    leave();
  }

 private:
  /// Posted, as a socket does it: the session must not run inside the call that wakes the stream.
  void leave() {
    async::Loop::current()->post([this] { left_.set(); });
  }

  const Manners manners_;
  Told& told_;
  async::Event left_;
};

async::Task<void> serve(net::Stream& stream) {
  const auto ignored = co_await stream.wait_readable(1h);
}

/// Several loops, each with connections of one server.
class ConnectionsTest : public testing::Test {
 protected:
  void connect(std::size_t loop, Manners manners, Told& told) {
    async::run_on(loops_.at(loop), connect_here(manners, told));
  }
  /// Returns how long it took.
  steady_clock::duration stop(milliseconds grace) {
    const auto began = steady_clock::now();
    async::run_on(loops_.at(0), connections_.stop(grace));
    return steady_clock::now() - began;
  }

  async::LoopPool loops_{4};
  Connections connections_;

 private:
  async::Task<void> connect_here(Manners manners, Told& told) {
    connections_.start(std::make_unique<Peer>(manners, told), serve);
    co_return;
  }
};

TEST_F(ConnectionsTest, StoppingTakesOneGraceHoweverManyLoopsAreStuck) {
  constexpr milliseconds kGrace = 2s;  // Long, for a busy machine.
  std::vector<Told> stuck(loops_.size());
  for (std::size_t i = 0; i < stuck.size(); ++i) connect(i, Manners::stuck, stuck[i]);
  EXPECT_EQ(connections_.count(), stuck.size());
  const auto began = steady_clock::now();
  const auto took = stop(kGrace);
  EXPECT_GE(took, kGrace);
  EXPECT_LT(took, 2 * kGrace);
  EXPECT_EQ(connections_.count(), 0U);
  for (const Told& told : stuck) {
    // All connections are told at once, and each has the whole grace period.
    ASSERT_TRUE(told.woken && told.cut);
    EXPECT_LT(*told.woken - began, kGrace / 2);
    EXPECT_GE(*told.cut - *told.woken, kGrace - 100ms);
  }
}

TEST_F(ConnectionsTest, WhoLeavesWhenWokenIsNotCutAndNotWaitedFor) {
  std::vector<Told> polite(loops_.size());
  for (std::size_t i = 0; i < polite.size(); ++i) connect(i, Manners::polite, polite[i]);
  EXPECT_LT(stop(1h), 1min);
  for (const Told& told : polite) {
    EXPECT_TRUE(told.woken);
    EXPECT_FALSE(told.cut);
  }
}

TEST_F(ConnectionsTest, TakesNothingNewOnceItStops) {
  stop(0ms);
  EXPECT_TRUE(connections_.stopping());
  Told late;
  connect(1, Manners::stuck, late);
  EXPECT_EQ(connections_.count(), 0U);
}

}  // namespace
}  // namespace posthorn::server::frame
