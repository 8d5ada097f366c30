#include "relay/claim.h"

#include <map>
#include <random>
#include <thread>

#include "engine/cluster/cluster.h"
#include "relay/runner.h"
#include "relay/test_relay.h"
#include "store/nodes/test_node.h"

/// Several nodes with one queue: who sends what, and that nothing is sent twice.
namespace posthorn::relay {
namespace {

using namespace std::chrono_literals;
using store::AccountPtr;
using store::OutboxEntry;
using store::OutboxEntryPtr;
using store::OutboxId;

/// Nobody is here.
class Elsewhere final : public LocalDelivery {
 public:
  async::Task<Result<Routes>> route(OutboxEntryPtr, std::vector<std::size_t> of) override {
    Routes routes;
    routes.elsewhere = std::move(of);
    co_return routes;
  }
  async::Task<std::vector<Tried>> deliver(AccountPtr, OutboxEntryPtr,
                                          std::vector<std::size_t>) override {
    co_return std::vector<Tried>();
  }
};

/// A server of a cluster, without listeners.
class Sender {
 public:
  Sender(engine::Cluster& cluster, const Clock& clock, std::uint16_t relay)
      : engine_(cluster.make_node()), node_(*engine_, clock) {
    client::SmtpEndpoint endpoint;
    endpoint.host = "127.0.0.1";
    endpoint.port = relay;
    endpoint.security = client::SmtpSecurity::none;
    endpoint.hello_name = "mail.example.org";
    options_.hostname = "mail.example.org";
    options_.endpoint = std::make_shared<const client::SmtpEndpoint>(endpoint);
  }
  ~Sender() {
    stop();
    account_.reset();
    loops_.stop_and_join();
    runner_.reset();
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void start() {
    runner_ = std::make_unique<Runner>(node_.store(), loops_.at(0), local_, options_);
    runner_->start();
    started_ = true;
  }
  void stop() {
    if (std::exchange(started_, false)) node_.run(runner_->stop(10s));
  }
  Runner& runner() { return *runner_; }
  store::TestNode& node() { return node_; }
  const AccountPtr& account() { return account_; }
  void open(const AccountId& id) { account_ = node_.open(id); }
  AccountId make() {
    account_ = node_.make("ann@example.org");
    return account_->id();
  }

  /// `free`: what is queued is for whoever claims it first.
  enum class Queued : std::uint8_t { claimed, free };
  Result<OutboxId> submit(const std::string& to, Queued queued = Queued::claimed) {
    auto email = node_.take_in(account_->id(), store::TestNode::message(to));
    if (!email) return pass(email);
    const std::int64_t now = node_.store().clock().now().seconds;
    auto done = node_.run(account_->change(
        store::Actor::user(account_->id()), {}, [&](store::Change& c) -> Result<OutboxId> {
          auto kept = c.keep_email(*email);
          if (!kept) return pass(kept);
          OutboxEntry entry;
          entry.email = *kept;
          entry.size = email->size;
          entry.return_path = "ann@example.org";
          entry.submitted = now;
          entry.expires = now + 5 * 86'400;
          entry.recipients.emplace_back().address = to;
          auto id = c.enqueue(std::move(entry));
          if (!id || queued == Queued::claimed) return id;
          OutboxEntry unclaimed = *c.state().outbox->at(*id);
          unclaimed.claimed_by = 0;
          if (Status freed = c.update_outbox(std::move(unclaimed)); !freed) return pass(freed);
          return id;
        }));
    if (!done) return pass(done);
    return done->value;
  }
  bool is_empty() {
    return node_.run(account_->be_current()) && account_->published()->outbox->empty();
  }

 private:
  const std::unique_ptr<engine::Engine> engine_;
  store::TestNode node_;
  async::LoopPool loops_{1};
  Elsewhere local_;
  RelayOptions options_;
  std::unique_ptr<Runner> runner_;
  AccountPtr account_;
  bool started_ = false;
};

class ClaimTest : public testing::Test {
 protected:
  ManualClock clock_{1'790'000'000};
  TestRelay relay_;
};

TEST_F(ClaimTest, NothingIsSentTwiceWhateverTheNetworkLoses) {
  engine::Cluster cluster({.seed = 21,
                           .longest_delay = std::chrono::microseconds(150),
                           .patience = std::chrono::microseconds(1500),
                           .lost_requests = 30,
                           .lost_answers = 30,
                           .late_requests = 30,
                           .lost_bells = 100});
  std::vector<std::unique_ptr<Sender>> senders;
  for (int i = 0; i < 3; ++i)
    senders.push_back(std::make_unique<Sender>(cluster, clock_, relay_.port()));
  const AccountId id = senders[0]->make();
  for (auto& sender : senders) {
    if (!sender->account()) sender->open(id);
    sender->start();
  }
  std::vector<std::map<std::string, int>> accepted(senders.size());
  std::vector<std::thread> threads;
  for (std::size_t n = 0; n < senders.size(); ++n)
    threads.emplace_back([&, n] {
      for (int i = 0; i < 25; ++i) {
        const std::string to = fmt::format("bob-{}-{}@elsewhere.example", n, i);
        const auto queued = i % 3 == 0 ? Sender::Queued::claimed : Sender::Queued::free;
        if (senders[n]->submit(to, queued)) ++accepted[n][to];
      }
    });
  for (std::thread& thread : threads) thread.join();
  cluster.calm_down();
  for (auto& sender : senders) sender->runner().look_again();
  EXPECT_TRUE(store::comes_true([&] { return senders[0]->is_empty(); }));
  std::map<std::string, int> expected;
  for (const auto& some : accepted) expected.insert(some.begin(), some.end());
  std::map<std::string, int> sent;
  for (const auto& message : relay_.messages())
    for (const std::string& to : message.to) ++sent[to];
  EXPECT_GT(expected.size(), 50U);
  EXPECT_EQ(sent, expected);
}

TEST_F(ClaimTest, ADeadNodesMailIsSentByAnotherOnceItsClaimHasLapsed) {
  engine::Cluster cluster({});
  Sender one(cluster, clock_, relay_.port());
  Sender two(cluster, clock_, relay_.port());
  two.open(one.make());
  two.start();
  // It has accepted the message, and dies before it does anything about it.
  ASSERT_TRUE(one.submit("bob@elsewhere.example"));
  two.runner().look_again();
  std::this_thread::sleep_for(300ms);
  EXPECT_TRUE(relay_.messages().empty());
  clock_.advance(std::chrono::seconds(OutboxEntry::kClaim + OutboxEntry::kClaimGrace - 1));
  two.runner().look_again();
  std::this_thread::sleep_for(300ms);
  EXPECT_TRUE(relay_.messages().empty()) << "clocks may differ by a minute";
  clock_.advance(3s);
  two.runner().look_again();
  EXPECT_TRUE(store::comes_true([&] { return two.is_empty(); }));
  EXPECT_EQ(relay_.messages().size(), 1U);
}

TEST_F(ClaimTest, ANodeThatStopsHandsItsMailOver) {
  engine::Cluster cluster({});
  Sender one(cluster, clock_, relay_.port());
  Sender two(cluster, clock_, relay_.port());
  two.open(one.make());
  two.start();
  relay_.order({.end = "451 4.3.0 later"});
  one.start();
  const auto id = one.submit("bob@elsewhere.example");
  ASSERT_TRUE(id);
  const auto entry = [&]() -> OutboxEntryPtr {
    const auto outbox = two.account()->published()->outbox;
    const auto found = outbox->find(*id);
    return found == outbox->end() ? nullptr : found->second;
  };
  EXPECT_TRUE(store::comes_true([&] { return entry() && entry()->recipients[0].attempts == 1; }));
  EXPECT_EQ(entry()->claimed_by, one.node().store().node());
  relay_.order({});
  one.stop();
  EXPECT_TRUE(store::comes_true([&] { return entry()->claimed_by == 0; }));
  clock_.advance(2min);
  two.runner().look_again();
  EXPECT_TRUE(store::comes_true([&] { return two.is_empty(); }));
  EXPECT_EQ(relay_.messages().size(), 1U);
}

/// Gives the same octets again and again.
class Endless final : public client::SmtpSource {
 public:
  async::Task<Result<std::string_view>> next() override { co_return std::string_view("octets"); }
};

TEST_F(ClaimTest, AfterItsTimeNothingMoreIsSentAndAnotherNodesIsNotTaken) {
  engine::Cluster cluster({});
  Sender one(cluster, clock_, relay_.port());
  Sender two(cluster, clock_, relay_.port());
  two.open(one.make());
  const auto id = one.submit("bob@elsewhere.example");
  ASSERT_TRUE(id);
  Claim ours(one.account(), *id);
  EXPECT_FALSE(ours.holds());
  const std::uint64_t revision = one.account()->published()->version.revision;
  auto taken = one.node().run(ours.take());
  ASSERT_TRUE(taken && *taken);
  EXPECT_EQ(one.account()->published()->version.revision, revision)
      << "what is queued is claimed by the same commit";
  EXPECT_TRUE(ours.holds());
  Endless octets;
  const auto source = ours.guard(octets);
  EXPECT_TRUE(one.node().run(source->next()));

  ASSERT_TRUE(two.node().run(two.account()->be_current()));
  Claim theirs(two.account(), *id);
  taken = two.node().run(theirs.take());
  ASSERT_TRUE(taken);
  EXPECT_FALSE(*taken);
  EXPECT_FALSE(theirs.holds());

  // Renewed in time.
  clock_.advance(std::chrono::seconds(OutboxEntry::kClaim - 1));
  taken = one.node().run(ours.take());
  ASSERT_TRUE(taken && *taken);
  clock_.advance(std::chrono::seconds(OutboxEntry::kClaim - 1));
  EXPECT_TRUE(one.node().run(source->next()));
  clock_.advance(2s);
  EXPECT_FALSE(ours.holds());
  EXPECT_FALSE(one.node().run(source->next()));

  clock_.advance(std::chrono::seconds(OutboxEntry::kClaimGrace));
  taken = two.node().run(theirs.take());
  ASSERT_TRUE(taken && *taken);
  EXPECT_TRUE(theirs.holds());
  taken = one.node().run(ours.take());
  ASSERT_TRUE(taken);
  EXPECT_FALSE(*taken);
  EXPECT_FALSE(ours.holds());
}

}  // namespace
}  // namespace posthorn::relay
