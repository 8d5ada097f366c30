#include <gmock/gmock.h>

#include "service/messages.h"
#include "store/store_fixture.h"

namespace posthorn::service {
namespace {

class ReplaceTest : public store::StoreFixture {
 protected:
  ReplaceTest() : ann_(make_account("ann@example.org")) {}

  [[nodiscard]] MailboxRef mailbox(std::string_view name, Rights rights = Rights::all()) const {
    auto found = resolve(Caller::owner(ann_), name);
    EXPECT_TRUE(found);
    found->rights = rights;
    return *found;
  }
  MessageToAppend message_of(std::size_t octets) {
    return {upload(ann_, std::string(octets, 'x')), {}, std::nullopt};
  }
  Uid append_one(std::string_view name, std::size_t octets) {
    std::vector<MessageToAppend> messages;
    messages.push_back(message_of(octets));
    const auto done = run(append(mailbox(name), std::move(messages), clock_.now()));
    EXPECT_TRUE(done) << done.error().text;
    return Uid(done->uids.max());
  }
  Result<Appended> replace_one(const MailboxRef& source, Uid uid, const MailboxRef& target,
                               std::size_t octets) {
    return run(replace({source, uid}, target, message_of(octets), clock_.now()));
  }
  void limit_octets(std::uint64_t octets) {
    ASSERT_TRUE(change(ann_, {}, [&](store::Change& c) -> Status {
      c.set_quota({.max_bytes = octets, .max_messages = 1});
      return {};
    }));
  }

  store::AccountPtr ann_;
};

TEST_F(ReplaceTest, IsOneChange) {
  const Uid old = append_one("INBOX", 100);
  const ModSeq before = mailbox("INBOX").published()->head.highest_modseq;
  const auto done = replace_one(mailbox("INBOX"), old, mailbox("Sent"), 10);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(mailbox("INBOX").published()->head.messages, 0U);
  EXPECT_EQ(mailbox("Sent").published()->head.messages, 1U);
  EXPECT_EQ(mailbox("INBOX").published()->head.highest_modseq.value, before.value + 1);
  EXPECT_EQ(mailbox("Sent").published()->head.highest_modseq.value, before.value + 1);
}

TEST_F(ReplaceTest, NeedsTheRightsOfAllItDoes) {
  const Uid old = append_one("INBOX", 100);
  const Rights all{Right::delete_messages, Right::expunge};
  for (const Rights rights :
       {Rights{Right::lookup, Right::delete_messages}, Rights{Right::lookup, Right::expunge}}) {
    EXPECT_EQ(replace_one(mailbox("INBOX", rights), old, mailbox("Sent"), 10).error().kind,
              ErrorKind::no_permission);
    EXPECT_EQ(may_replace({mailbox("INBOX", rights), old}, mailbox("Sent"), 10).error().kind,
              ErrorKind::no_permission);
  }
  EXPECT_EQ(
      replace_one(mailbox("INBOX", all), old, mailbox("Sent", {Right::lookup, Right::read}), 10)
          .error()
          .kind,
      ErrorKind::no_permission);
  EXPECT_TRUE(replace_one(mailbox("INBOX", all), old, mailbox("Sent", {Right::insert}), 10));
}

TEST_F(ReplaceTest, CountsOnlyTheDifferenceAgainstTheQuota) {
  const Uid old = append_one("INBOX", 100);
  ASSERT_TRUE(run(newest(mailbox("INBOX"))));
  limit_octets(150);
  EXPECT_TRUE(may_replace({mailbox("INBOX"), old}, mailbox("INBOX"), 150));
  EXPECT_EQ(may_replace({mailbox("INBOX"), old}, mailbox("INBOX"), 151).error().kind,
            ErrorKind::over_quota);
  EXPECT_EQ(replace_one(mailbox("INBOX"), old, mailbox("INBOX"), 151).error().kind,
            ErrorKind::over_quota);
  auto done = replace_one(mailbox("INBOX"), old, mailbox("INBOX"), 150);
  ASSERT_TRUE(done) << done.error().text;
  // Even where the quota is exceeded already.
  limit_octets(10);
  done = replace_one(mailbox("INBOX"), Uid(done->uids.max()), mailbox("INBOX"), 140);
  EXPECT_TRUE(done);
  EXPECT_EQ(ann_->published()->counters.bytes, 140U);
  EXPECT_EQ(ann_->published()->counters.messages, 1U);
}

TEST_F(ReplaceTest, DoesNothingIfTheOldMessageIsGone) {
  append_one("INBOX", 100);
  const Seq before = ann_->published()->seq;
  const auto done = replace_one(mailbox("INBOX"), Uid(7), mailbox("Sent"), 10);
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->uids.empty());
  EXPECT_EQ(ann_->published()->seq, before);
  EXPECT_TRUE(may_replace({mailbox("INBOX"), Uid(7)}, mailbox("Sent"), 10));
}

}  // namespace
}  // namespace posthorn::service
