#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/format/codec.h"
#include "store/format/record.h"

namespace posthorn::store {
namespace {

LogRecord record() {
  LogRecord log;
  log.time = 77;
  LogRecord::Entry entry;
  entry.mailbox = MailboxId(3);
  entry.deleted = true;
  entry.was = DeletedMailbox{"Lists", 0, {"$Work"}, false};
  log.entries.push_back(entry);
  log.created.emplace_back(9);
  log.renamed.push_back({MailboxId(4), "Old"});
  return log;
}

TEST(LogRecordTest, NamesAndSubscriptionsAreKept) {
  const auto read = decode_log(encode_log(record()));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->entries.size(), 1U);
  ASSERT_TRUE(read->entries[0].was);
  EXPECT_EQ(read->entries[0].was->name, "Lists");
  EXPECT_FALSE(read->entries[0].was->subscribed);
  EXPECT_THAT(read->released, testing::IsEmpty());
  EXPECT_THAT(read->created, testing::ElementsAre(MailboxId(9)));
  ASSERT_EQ(read->renamed.size(), 1U);
  EXPECT_EQ(read->renamed[0].mailbox, MailboxId(4));
  EXPECT_EQ(read->renamed[0].was, "Old");
  EXPECT_FALSE(read->names_cut);
}

TEST(LogRecordTest, WithoutNamesItIsWhatOlderVersionsWrote) {
  LogRecord log;
  log.time = 1;
  log.entries.push_back({MailboxId(2), 5, 6, true, PageNumber(0), false, {}});
  std::string payload;
  ByteWriter w(payload);
  w.svarint(1);
  w.varint(1);
  w.varint(2);
  w.varint(5);
  w.varint(6);
  w.u8(1);
  w.varint(0);
  EXPECT_EQ(encode_log(log), seal(payload));
  const auto read = decode_log(seal(payload));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->renamed, testing::IsEmpty());
}

TEST(LogRecordTest, ACutRecordIsCorrupt) {
  const std::string whole = encode_log(record());
  // Of the payload; its envelope is a version and a checksum of four octets.
  const std::string_view payload = std::string_view(whole).substr(1, whole.size() - 5);
  for (std::size_t cut = 1; cut < 6; ++cut)
    EXPECT_FALSE(decode_log(seal(payload.substr(0, payload.size() - cut), 2))) << cut;
}

}  // namespace
}  // namespace posthorn::store
