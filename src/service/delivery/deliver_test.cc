#include "service/delivery/deliver.h"

#include "service/delivery/trace.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

TEST(SplitDetailTest, IsSplitAtTheFirstSeparator) {
  EXPECT_EQ(split_detail("anna+lists+x", "+").user, "anna");
  EXPECT_EQ(split_detail("anna+lists+x", "+").detail, "lists+x");
  EXPECT_EQ(split_detail("anna+", "+").detail, "");
  EXPECT_FALSE(split_detail("anna", "+").detail);
  EXPECT_EQ(split_detail("+anna", "+").user, "+anna");
  EXPECT_EQ(split_detail("anna+x", "").user, "anna+x");
}

class DeliverTest : public store::StoreFixture {
 protected:
  DeliverTest() : ann_(make_account("ann@example.org")), ben_(make_account("ben@example.org")) {
    EXPECT_TRUE(run(store_->add_alias("team@example.org", ben_->id())));
  }

  Result<Recipient> resolve(std::string local, std::uint64_t announced = 0) {
    auto found = find_all(std::move(local), "example.org", announced);
    if (!found) return pass(found);
    EXPECT_EQ(found->here.size(), 1U);
    return std::move(found->here.front());
  }
  Result<Destinations> find_all(std::string local, std::string domain,
                                std::uint64_t announced = 0) {
    EnvelopeAddress address{local, domain, local + "@" + domain};
    return run(service::find_destinations(
        *store_, [this](std::string name) { return find(std::move(name)); }, "+",
        std::move(address), announced));
  }
  /// The names of the accounts that an address leads to, sorted.
  std::vector<std::string> leads_to(std::string local, std::string domain = "example.org") {
    std::vector<std::string> names;
    auto found = find_all(std::move(local), std::move(domain));
    if (!found) return names;
    for (const Recipient& recipient : found->here)
      names.push_back(run(store_->profile(recipient.account->id()))->name + " " + recipient.folder);
    for (const OutsideTarget& target : found->outside)
      names.push_back(target.address + " by " + target.alias);
    std::ranges::sort(names);
    return names;
  }
  void alias(std::string_view alias, std::vector<std::string> targets) {
    EXPECT_TRUE(run(store_->add_alias(alias, std::move(targets))));
  }
  async::Task<Result<std::optional<store::AddressEntry>>> find(std::string name) {
    co_return co_await store_->find_address(name);
  }

  std::vector<Status> deliver(const std::vector<Recipient>& recipients, std::string text) {
    return run(deliver_task(*store_, recipients, std::move(text)));
  }
  static async::Task<std::vector<Status>> deliver_task(store::Store& store,
                                                       const std::vector<Recipient>& recipients,
                                                       std::string text) {
    store::Upload upload(store, recipients.front().account->id());
    EXPECT_TRUE(co_await upload.feed(text));
    const auto fields = [](const Recipient& r) { return delivery_fields("<a@b>", r.address); };
    co_return co_await service::deliver({recipients, fields, store.clock().now()}, upload);
  }

  static std::uint32_t count(const store::AccountPtr& account, std::string_view mailbox) {
    return account->published()->find(mailbox)->head.messages;
  }

  store::AccountPtr ann_;
  store::AccountPtr ben_;
};

TEST_F(DeliverTest, AddressesLeadToAccounts) {
  auto plain = resolve("Ann");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->account->id(), ann_->id());
  EXPECT_EQ(plain->address, "Ann@example.org");
  auto alias = resolve("team+Archive");
  ASSERT_TRUE(alias);
  EXPECT_EQ(alias->account->id(), ben_->id());
  EXPECT_EQ(alias->folder, "Archive");
  EXPECT_EQ(resolve("nobody").error().kind, ErrorKind::not_found);
  EXPECT_EQ(resolve("nobody+x").error().kind, ErrorKind::not_found);
  ASSERT_TRUE(change(ann_, {}, [](store::Change& c) -> Status {
    c.set_quota({1000, 0});
    return {};
  }));
  EXPECT_TRUE(resolve("ann", 1000));
  EXPECT_EQ(resolve("ann", 1001).error().kind, ErrorKind::over_quota);
  ASSERT_TRUE(run(store_->set_disabled(ann_->id(), true)));
  EXPECT_EQ(resolve("ann").error().kind, ErrorKind::no_permission);
}

TEST_F(DeliverTest, OneMessageAMailbox) {
  const std::vector<Recipient> recipients = {*resolve("ann"), *resolve("team+archive"),
                                             *resolve("ann+no-such-folder"), *resolve("ben")};
  for (const Status& outcome : deliver(recipients, "S: x\r\n\r\nHello\r\n")) EXPECT_TRUE(outcome);
  EXPECT_EQ(count(ann_, "INBOX"), 1U);
  EXPECT_EQ(count(ben_, "Archive"), 1U);
  EXPECT_EQ(count(ben_, "INBOX"), 1U);
}

TEST_F(DeliverTest, ADeliveryWithAnIntentHappensOnce) {
  std::vector<Recipient> recipients = {*resolve("ann"), *resolve("ben")};
  recipients[0].intent = store::IntentId{ben_->id(), store::OutboxId(5), 0};
  recipients[1].intent = store::IntentId{ben_->id(), store::OutboxId(5), 1};
  for (int round = 0; round < 2; ++round)
    for (const Status& outcome : deliver(recipients, "S: x\r\n\r\nHello\r\n")) EXPECT_TRUE(outcome);
  EXPECT_EQ(count(ann_, "INBOX"), 1U);
  EXPECT_EQ(count(ben_, "INBOX"), 1U);
}

TEST_F(DeliverTest, AnAddressMayLeadToSeveralAccounts) {
  using Names = std::vector<std::string>;
  make_account("eva@example.org");
  alias("all@example.org", {"some@example.org", "eva@example.org", "ANN@example.org"});
  alias("some@example.org", {"ann@example.org", "team@example.org", "gone@example.org"});
  EXPECT_EQ(leads_to("all"), (Names{"ann@example.org ", "ben@example.org ", "eva@example.org "}));
  EXPECT_EQ(leads_to("some"), (Names{"ann@example.org ", "ben@example.org "}));
  // Back to itself.
  alias("one@example.org", {"two@example.org", "ann@example.org"});
  alias("two@example.org", {"one@example.org", "ben@example.org"});
  EXPECT_EQ(leads_to("one"), (Names{"ann@example.org ", "ben@example.org "}));
  alias("self@example.org", {"self@example.org"});
  EXPECT_EQ(leads_to("self"), Names{});
  bool leads_back = false;
  const auto find_one = [this](std::string name) { return find(std::move(name)); };
  EXPECT_TRUE(run(
      service::follow_targets(find_one, "+", {"two@example.org"}, "one@example.org", leads_back)));
  EXPECT_TRUE(leads_back);
  leads_back = false;
  EXPECT_TRUE(run(
      service::follow_targets(find_one, "+", {"all@example.org"}, "one@example.org", leads_back)));
  EXPECT_FALSE(leads_back);
}

TEST_F(DeliverTest, WhoeverAcceptsNoMailIsLeftOut) {
  using Names = std::vector<std::string>;
  alias("all@example.org", {"ann@example.org", "ben@example.org"});
  EXPECT_TRUE(run(store_->set_disabled(ann_->id(), true)));
  EXPECT_EQ(leads_to("all"), (Names{"ben@example.org "}));
  EXPECT_TRUE(run(store_->set_disabled(ben_->id(), true)));
  EXPECT_EQ(find_all("all", "example.org").error().kind, ErrorKind::no_permission);
}

TEST_F(DeliverTest, AWholeDomainMayBeAnAlias) {
  using Names = std::vector<std::string>;
  alias("@example.com", {"@example.org"});
  alias("@example.net", {"@example.com"});
  EXPECT_EQ(leads_to("ann+x", "example.com"), (Names{"ann@example.org x"}));
  EXPECT_EQ(leads_to("team", "example.net"), (Names{"ben@example.org "}));
  EXPECT_EQ(leads_to("nobody", "example.com"), Names{});
  // What an address of the domain has of its own counts more.
  alias("ann@example.com", {"ben@example.org"});
  EXPECT_EQ(leads_to("ann", "example.com"), (Names{"ben@example.org "}));
  // The rest of a domain.
  EXPECT_TRUE(run(store_->add_alias("@example.org", ann_->id())));
  EXPECT_EQ(leads_to("nobody+x", "example.com"), (Names{"ann@example.org "}));
  EXPECT_EQ(leads_to("ben+x"), (Names{"ben@example.org x"}));
  alias("@a.example", {"@b.example"});
  alias("@b.example", {"@a.example"});
  EXPECT_EQ(leads_to("ann", "a.example"), Names{});
}

TEST_F(DeliverTest, AnAliasMayLeadToOtherServers) {
  using Names = std::vector<std::string>;
  alias("info@example.org", {">bob@far.example", "ann@example.org"});
  alias("all@example.org", {"INFO@example.org", ">eve@far.example", ">bob@far.example"});
  EXPECT_EQ(leads_to("Info"), (Names{"ann@example.org ", "bob@far.example by info@example.org"}));
  EXPECT_EQ(leads_to("all").size(), 3U);
  alias("@other.example", {">eve@far.example"});
  EXPECT_EQ(leads_to("anybody", "other.example"), (Names{"eve@far.example by @other.example"}));
  // An address that has become one of ours since.
  EXPECT_TRUE(run(store_->add_alias("eve@far.example", ben_->id())));
  EXPECT_EQ(leads_to("anybody", "other.example"), (Names{"ben@example.org "}));
  // A target that is not marked never leaves the server.
  alias("gone@example.org", {"removed@former.example"});
  EXPECT_EQ(leads_to("gone"), Names{});
  // Whoever accepts no mail is left out also if all others are elsewhere.
  EXPECT_TRUE(run(store_->set_disabled(ann_->id(), true)));
  EXPECT_EQ(leads_to("info"), (Names{"bob@far.example by info@example.org"}));
}

TEST_F(DeliverTest, CirclesAreSeenAcrossDomains) {
  const auto find_one = [this](std::string name) { return find(std::move(name)); };
  const auto leads_back = [&](std::vector<std::string> targets, std::string_view alias) {
    bool back = false;
    EXPECT_TRUE(run(service::follow_targets(find_one, "+", std::move(targets), alias, back)));
    return back;
  };
  alias("@other.example", {"@example.org"});
  EXPECT_TRUE(leads_back({"info@other.example"}, "info@example.org"));
  EXPECT_TRUE(leads_back({">Info@other.example"}, "info@example.org"));
  alias("info@example.org", {">bob@far.example"});
  EXPECT_TRUE(leads_back({"info@other.example"}, "bob@far.example"));
  EXPECT_FALSE(leads_back({"info@other.example"}, "eve@far.example"));
}

TEST(SumUp, RepeatsWhatMaySucceedLater) {
  const Status good;
  const Status full = fail(ErrorKind::over_quota, "full");
  const Status broken = fail(ErrorKind::io, "broken");
  EXPECT_TRUE(sum_up(std::vector{good, full}));
  EXPECT_TRUE(sum_up(std::vector{full, good}));
  EXPECT_EQ(sum_up(std::vector{full, full}).error().kind, ErrorKind::over_quota);
  EXPECT_EQ(sum_up(std::vector{good, full, broken}).error().kind, ErrorKind::io);
}

}  // namespace
}  // namespace posthorn::service
