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
    EnvelopeAddress address{local, "example.org", local + "@example.org"};
    return run(service::resolve(
        *store_, [this](std::string name) { return find(std::move(name)); }, "+",
        std::move(address), announced));
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

}  // namespace
}  // namespace posthorn::service
