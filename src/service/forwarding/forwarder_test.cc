#include "service/forwarding/forwarder.h"

#include "service/forwarding/hops.h"
#include "service/forwarding/outside.h"
#include "service/forwarding/test_forwarder.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

using Targets = std::vector<OutsideTarget>;

TEST(Outside, AddressesAreWholeOnes) {
  for (const std::string_view good :
       {"bob@example.net", "a.b+c=d@x.example", "b\u00f6b@m\u00fcller.example"})
    EXPECT_TRUE(check_outside_address(good)) << good;
  for (const std::string_view bad :
       {"", "bob", "@example.net", "bob@", "bob@localhost", "bob@example..net", "bob@[192.0.2.1]",
        "bob@192.0.2.1", ".bob@example.net", "b..b@example.net", "a b@example.net",
        "a<b@example.net", "a>b@example.net", "a\r\nb@example.net", "\"b\"@example.net",
        "bob@exa mple.net", "bob@example.net\r\n", ">bob@exam_ple.net"})
    EXPECT_FALSE(check_outside_address(bad)) << bad;
  EXPECT_FALSE(check_outside_address(std::string(65, 'a') + "@example.net"));
}

TEST(HopsTest, ALoopIsSeen) {
  const Targets info = {{"bob@far.example", "info@example.org"}};
  const std::string message = "Received: x\r\n " + forwarded_fields(info) + forwarded_fields(info) +
                              "Subject: x\r\n\r\n" + "X-Posthorn-Forwarded: other@example.org\r\n";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, message.size()}) {
    Hops hops;
    for (std::size_t at = 0; at < message.size(); at += step)
      hops.feed(std::string_view(message).substr(at, step));
    EXPECT_EQ(hops.judge(info).error().kind, ErrorKind::no_permission);
    EXPECT_TRUE(hops.judge({{"bob@far.example", "other@example.org"}}));
    // A return path has no alias.
    EXPECT_TRUE(hops.judge({{"bob@far.example", ""}}));
  }
}

TEST(HopsTest, ManyServersAreALoop) {
  Hops hops;
  for (std::size_t i = 0; i < kMaxHops; ++i) hops.feed("received : by x\r\n\tand more\r\n");
  EXPECT_TRUE(hops.judge({{"bob@far.example", "a"}}));
  hops.feed("Received: by x\n\nReceived: not in the header\n");
  EXPECT_FALSE(hops.judge({{"bob@far.example", "a"}}));
}

TEST(HopsTest, ALongLineCostsLittle) {
  Hops hops;
  for (int i = 0; i < 1000; ++i) hops.feed(std::string(10'000, 'x'));
  hops.feed("\r\nX-Posthorn-Forwarded: A@example.org\r\n");
  EXPECT_FALSE(hops.judge({{"bob@far.example", "a@example.org"}}));
}

class ForwarderTest : public store::StoreFixture {
 protected:
  ForwarderTest() { ann_ = make_account("ann@example.org"); }
  ~ForwarderTest() override { ann_.reset(); }

  Forwarding forwarding(std::string sender_local, std::string sender_domain) {
    Forwarding what;
    if (!sender_local.empty())
      what.sender = {sender_local, sender_domain, sender_local + '@' + sender_domain};
    what.to = {"info", "example.org", "info@example.org"};
    what.targets = {{"bob@far.example", "info@example.org"},
                    {"eve@far.example", "info@example.org"}};
    what.envelope.trace = "Received: by us\r\n";
    return what;
  }
  Status forward(const Forwarding& what) {
    auto queue = run(forwarder_->account());
    EXPECT_TRUE(queue);
    const Status done = run(forwarder_->forward(what, upload(*queue, message("Hello"))));
    return done;
  }
  store::OutboxEntryPtr last() {
    const auto outbox = run(forwarder_->account()).value()->published()->outbox;
    return outbox->empty() ? nullptr : outbox->rbegin()->second;
  }
  std::size_t queued() { return run(forwarder_->account()).value()->published()->outbox->size(); }

  Result<Destinations> find(std::string local) {
    EnvelopeAddress address{local, "example.org", local + "@example.org"};
    const FindAddress find = [this](std::string name) { return find_one(std::move(name)); };
    return run(forwarder_->find(find, "+", std::move(address), 0));
  }
  async::Task<Result<std::optional<store::AddressEntry>>> find_one(std::string name) {
    co_return co_await store_->find_address(name);
  }

  TestForwarder forwarder_{*store_};
  store::AccountPtr ann_;
};

TEST_F(ForwarderTest, QueuesWithAReturnPathOfItsOwn) {
  ASSERT_TRUE(forward(forwarding("ada", "sender.example")));
  const auto entry = last();
  ASSERT_TRUE(entry);
  EXPECT_TRUE(entry->return_path.starts_with("SRS0="));
  EXPECT_TRUE(entry->return_path.ends_with("=sender.example=ada@example.org"));
  EXPECT_EQ(entry->trace, "X-Posthorn-Forwarded: info@example.org\r\nReceived: by us\r\n");
  ASSERT_EQ(entry->recipients.size(), 2U);
  EXPECT_EQ(entry->recipients[0].address, "bob@far.example");
  EXPECT_EQ(entry->recipients[0].orcpt, "rfc822;info@example.org");
  EXPECT_EQ(entry->recipients[0].notify, store::bit(store::Notify::failure));
  EXPECT_EQ(entry->expires, clock_.now().seconds + 5 * 86400);
  // It leads back.
  const std::string local = entry->return_path.substr(0, entry->return_path.rfind('@'));
  auto found = find(local);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->outside, (Targets{{"ada@sender.example", ""}}));
  EXPECT_TRUE(forwarder_->leads_back({local, "example.org", ""}));
  EXPECT_EQ(find("SRS0=AAAAAA=AA=sender.example=ada").error().kind, ErrorKind::bad_argument);
  // Also for somebody who has all the rest of the domain.
  ASSERT_TRUE(run(store_->add_alias("@example.org", ann_->id())));
  EXPECT_EQ(find("SRS0=AAAAAA=AA=sender.example=ada").error().kind, ErrorKind::bad_argument);
  EXPECT_EQ(find("anybody")->here.size(), 1U);
}

TEST_F(ForwarderTest, OurOwnSendersAndNobodyStayAsTheyAre) {
  ASSERT_TRUE(forward(forwarding("ann", "Example.org")));
  EXPECT_EQ(last()->return_path, "ann@Example.org");
  ASSERT_TRUE(forward(forwarding("", "")));
  EXPECT_EQ(last()->return_path, "");
  // Somebody who has made up one of our return paths would have reports sent to a victim.
  const Status forged = forward(forwarding("SRS0=AAAAAA=AA=victim.example=eve", "example.org"));
  ASSERT_FALSE(forged);
  EXPECT_EQ(forged.error().kind, ErrorKind::bad_argument);
}

TEST_F(ForwarderTest, TheDomainOfReturnPathsCanBeSet) {
  ForwardingRules rules = TestForwarder::rules();
  rules.srs_domain = "srs.example.org";
  forwarder_->set_rules(rules);
  ASSERT_TRUE(forward(forwarding("ada", "sender.example")));
  EXPECT_TRUE(last()->return_path.ends_with("@srs.example.org"));
}

TEST_F(ForwarderTest, AnIntentIsCarriedOutOnce) {
  Forwarding what = forwarding("ada", "sender.example");
  what.intent = store::IntentId{ann_->id(), store::OutboxId(7), 0};
  ASSERT_TRUE(forward(what));
  ASSERT_TRUE(forward(what));
  EXPECT_EQ(queued(), 1U);
}

TEST_F(ForwarderTest, LimitsAreTemporary) {
  ForwardingRules rules = TestForwarder::rules();
  rules.recipients_per_hour = 4;
  forwarder_->set_rules(rules);
  const Forwarding what = forwarding("ada", "sender.example");
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(forwarder_->judge(what.targets));
    ASSERT_TRUE(forward(what));
  }
  EXPECT_EQ(forwarder_->judge(what.targets).error().kind, ErrorKind::limit);
  EXPECT_TRUE(forwarder_->judge({{"bob@far.example", "other@example.org"}}));
  clock_.advance(std::chrono::hours(2));
  EXPECT_TRUE(forwarder_->judge(what.targets));
  rules.max_targets = 1;
  forwarder_->set_rules(rules);
  EXPECT_EQ(forwarder_->judge(what.targets).error().kind, ErrorKind::unavailable);
  rules.max_targets = 2;
  rules.can_send = false;
  forwarder_->set_rules(rules);
  EXPECT_EQ(forwarder_->judge(what.targets).error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(forwarder_->judge({}));
}

TEST_F(ForwarderTest, NobodyCanUseItsAccount) {
  auto queue = run(forwarder_->account());
  ASSERT_TRUE(queue);
  EXPECT_TRUE(run(store_->profile((*queue)->id()))->disabled);
  EXPECT_TRUE(*run(is_forwarding_account(*store_, (*queue)->id())));
  EXPECT_FALSE(*run(is_forwarding_account(*store_, ann_->id())));
  EXPECT_EQ(run(forwarder_->account()).value()->id(), (*queue)->id());
}

TEST(HourlyCountsTest, DoNotGrowWithoutEnd) {
  HourlyCounts counts;
  for (std::size_t i = 0; i < 2 * HourlyCounts::kMaxNames; ++i)
    counts.add(std::to_string(i), 1, 1'000'000);
  EXPECT_EQ(counts.used("0", 1'000'000), 0U);
  EXPECT_EQ(counts.used(std::to_string(2 * HourlyCounts::kMaxNames - 1), 1'000'000), 1U);
}

}  // namespace
}  // namespace posthorn::service
