#include "store/value/annotations.h"

#include <gmock/gmock.h>

#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AnnotationsTest : public StoreFixture {
 protected:
  AnnotationsTest() : ann_(make_account("ann@example.org")), inbox_(id_of("INBOX")) {}

  [[nodiscard]] MailboxId id_of(std::string_view name) const {
    const MailboxPtr mailbox = ann_->published()->find(name);
    return mailbox ? mailbox->id : MailboxId(0);
  }
  [[nodiscard]] AnnotationKey shared(MailboxId mailbox,
                                     std::string entry = "/shared/comment") const {
    return {mailbox, {}, std::move(entry)};
  }
  Status set(const AnnotationKey& key, std::optional<std::string> value) {
    return change(ann_, {}, [&](Change& c) { return c.set_annotation(key, value); });
  }
  [[nodiscard]] std::string get(const AnnotationKey& key) const {
    const AnnotationValue value = ann_->published()->annotations->find(key);
    return value ? *value : "(none)";
  }
  void restart() {
    const AccountId id = ann_->id();
    ann_.reset();
    reopen();
    ann_ = open_account(id);
  }

  AccountPtr ann_;
  MailboxId inbox_;
};

TEST_F(AnnotationsTest, AreKeptPerReader) {
  const AnnotationKey mine{inbox_, ann_->id(), "/private/comment"};
  const AnnotationKey other{inbox_, AccountId{{1}}, "/private/comment"};
  const std::string octets("a\0b\r\n\xff", 6);
  ASSERT_TRUE(set(mine, octets));
  ASSERT_TRUE(set(other, "theirs"));
  ASSERT_TRUE(set(shared(inbox_), ""));
  ASSERT_TRUE(set(shared(MailboxId(0)), "of the account"));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(get(mine), octets);
    EXPECT_EQ(get(other), "theirs");
    EXPECT_EQ(get(shared(inbox_)), "");
    EXPECT_EQ(get(shared(MailboxId(0))), "of the account");
    restart();
  }
  ASSERT_TRUE(set(mine, std::nullopt));
  restart();
  EXPECT_EQ(get(mine), "(none)");
  EXPECT_EQ(ann_->published()->annotations->all().size(), 3U);
  EXPECT_EQ(set(shared(MailboxId(999)), "x").error().kind, ErrorKind::not_found);
}

TEST_F(AnnotationsTest, RaiseTheModseqOnlyIfSomethingChanges) {
  const auto modseq = [&] { return ann_->published()->find(inbox_)->head.highest_modseq; };
  const ModSeq before = modseq();
  ASSERT_TRUE(set(shared(inbox_), "x"));
  const ModSeq after = modseq();
  EXPECT_GT(after, before);
  ASSERT_TRUE(set(shared(inbox_), "x"));
  ASSERT_TRUE(set(shared(inbox_, "/shared/other"), std::nullopt));
  EXPECT_EQ(modseq(), after);
  restart();
  EXPECT_EQ(modseq(), after);
}

TEST_F(AnnotationsTest, FollowTheirMailbox) {
  const MailboxId archive = id_of("Archive");
  ASSERT_TRUE(set(shared(archive), "old"));
  ASSERT_TRUE(set(shared(inbox_), "in"));
  ASSERT_TRUE(
      change(ann_, {archive}, [](Change& c) { return c.rename_mailbox("Archive", "Old"); }));
  EXPECT_EQ(get(shared(id_of("Old"))), "old");
  ASSERT_TRUE(change(ann_, {inbox_}, [](Change& c) { return c.rename_mailbox("INBOX", "Was"); }));
  EXPECT_EQ(get(shared(id_of("Was"))), "in");
  EXPECT_EQ(get(shared(inbox_)), "in");
  ASSERT_TRUE(change(ann_, {archive}, [](Change& c) { return c.delete_mailbox("Old"); }));
  restart();
  EXPECT_EQ(get(shared(archive)), "(none)");
  EXPECT_EQ(get(shared(id_of("Was"))), "in");
  const auto rows = run(engine_->scan(ann_->id(), std::string(keys::kAnnotations),
                                      keys::after_prefix(keys::kAnnotations), 100));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->rows.size(), 2U);
}

TEST_F(AnnotationsTest, HaveLimits) {
  EXPECT_TRUE(set(shared(inbox_), std::string(kMaxAnnotationOctets, 'x')));
  EXPECT_EQ(set(shared(inbox_), std::string(kMaxAnnotationOctets + 1, 'x')).error().kind,
            ErrorKind::too_big);
  const auto many = [&](MailboxId mailbox, std::size_t count, std::size_t octets) {
    return change(ann_, {}, [&](Change& c) -> Status {
      for (std::size_t i = 0; i < count; ++i) {
        Status done = c.set_annotation(shared(mailbox, "/shared/vendor/x/" + std::to_string(i)),
                                       std::string(octets, 'x'));
        if (!done) return done;
      }
      return {};
    });
  };
  EXPECT_EQ(many(inbox_, kMaxAnnotationsOfMailbox, 1).error().kind, ErrorKind::limit);
  EXPECT_TRUE(many(inbox_, kMaxAnnotationsOfMailbox - 1, 1));
  EXPECT_EQ(many(id_of("Sent"), 40, kMaxAnnotationOctets).error().kind, ErrorKind::limit);
  EXPECT_TRUE(many(id_of("Sent"), 20, kMaxAnnotationOctets));
  // What takes the place of something needs only the difference.
  EXPECT_TRUE(many(id_of("Sent"), 20, kMaxAnnotationOctets - 1));
  // Renaming INBOX copies its annotations only as long as there is room.
  for (int n = 0; n < 20; ++n) {
    ASSERT_TRUE(change(ann_, {inbox_}, [&](Change& c) {
      return c.rename_mailbox("INBOX", "Was" + std::to_string(n));
    }));
  }
  EXPECT_LE(ann_->published()->annotations->octets(), kMaxAnnotationOctetsInAll);
  EXPECT_EQ(ann_->published()->annotations->count_of(inbox_), kMaxAnnotationsOfMailbox);
  restart();
  std::uint64_t octets = 0;
  for (const auto& [key, value] : ann_->published()->annotations->all())
    octets += key.entry.size() + value->size();
  EXPECT_EQ(ann_->published()->annotations->octets(), octets);
}

TEST_F(AnnotationsTest, ReadersLeaveRoomForTheOwner) {
  const AccountId bob{{1}};
  const AccountId eve{{2}};
  const auto many = [&](AccountId reader, MailboxId mailbox, std::size_t count,
                        std::size_t octets) {
    return change(ann_, {}, [&](Change& c) {
      Status set;
      for (std::size_t i = 0; i < count && set; ++i)
        set = c.set_annotation({mailbox, reader, "/private/" + std::to_string(i)},
                               std::string(octets, 'x'));
      return set;
    });
  };
  constexpr std::size_t kHalf = kMaxAnnotationsOfMailbox / 2;
  EXPECT_EQ(many(bob, inbox_, kHalf + 1, 1).error().kind, ErrorKind::limit);
  ASSERT_TRUE(many(bob, inbox_, kHalf - 1, 1));
  ASSERT_TRUE(many(eve, inbox_, 1, 1));
  EXPECT_EQ(many(eve, inbox_, 2, 1).error().kind, ErrorKind::limit);
  EXPECT_TRUE(many(bob, inbox_, 1, 2)) << "it has a value already";
  EXPECT_TRUE(many(ann_->id(), inbox_, kHalf, 1));
  // The octets of the account.
  const MailboxId sent = id_of("Sent");
  EXPECT_EQ(many(bob, sent, 17, kMaxAnnotationOctets).error().kind, ErrorKind::limit);
  EXPECT_TRUE(many(bob, sent, 14, kMaxAnnotationOctets));
  EXPECT_TRUE(many(ann_->id(), sent, 14, kMaxAnnotationOctets));
}

TEST_F(AnnotationsTest, ADamagedOneCostsOnlyItself) {
  ASSERT_TRUE(set(shared(inbox_), "lost"));
  ASSERT_TRUE(set(shared(inbox_, "/shared/other"), "kept"));
  const AccountId id = ann_->id();
  const engine::PartitionVersion version = run(engine_->version(id)).value();
  ASSERT_TRUE(commit_and_wait(
      *engine_, {id, version, 0, {{keys::annotation(shared(inbox_)), "damaged"}}, {}}));
  restart();
  EXPECT_EQ(get(shared(inbox_)), "(none)");
  EXPECT_EQ(get(shared(inbox_, "/shared/other")), "kept");
  const auto report = run(store_->check(false));
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_THAT(report->findings, ElementsAre(testing::HasSubstr("1 of the annotations")));
  ASSERT_TRUE(set(shared(inbox_), "again"));
  EXPECT_THAT(run(store_->check(false))->findings, IsEmpty());
}

TEST(Annotations, ComparesByValue) {
  const auto value = [](std::string text) {
    return std::make_shared<const std::string>(std::move(text));
  };
  Annotations before;
  Annotations after;
  const AnnotationKey a{MailboxId(1), {}, "/shared/a"};
  const AnnotationKey b{MailboxId(1), {}, "/shared/b"};
  const AnnotationKey c{MailboxId(2), {}, "/shared/a"};
  before.set(a, value("1"));
  before.set(b, value("1"));
  after.set(a, value("1"));
  after.set(c, value("1"));
  EXPECT_THAT(changed_annotations(before, after), ElementsAre(b, c));
  after.set(a, value("2"));
  EXPECT_THAT(changed_annotations(before, after), ElementsAre(a, b, c));
  EXPECT_THAT(changed_annotations(after, after), IsEmpty());
  EXPECT_EQ(keys::annotation_of(keys::annotation(c)), c);
  EXPECT_EQ(keys::annotation_of("m\1\2"), std::nullopt);
}

}  // namespace
}  // namespace posthorn::store
