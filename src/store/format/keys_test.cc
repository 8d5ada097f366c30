#include "store/format/keys.h"

#include <gtest/gtest.h>

namespace posthorn::store::keys {
namespace {

using namespace std::string_literals;

// The octets of docs/storage-format.md. They must never change.
TEST(Keys, AreThoseOfTheFormat) {
  const MailboxId box(0x01020304);
  AccountId account_id;
  account_id.bytes.fill('A');
  const std::string id(16, 'A');
  EXPECT_EQ(account(), "a");
  EXPECT_EQ(behind(), "b");
  EXPECT_EQ(profile(), "x");
  EXPECT_EQ(head(box), "h\1\2\3\4");
  EXPECT_EQ(name(box), "n\1\2\3\4");
  EXPECT_EQ(keywords(box), "k\1\2\3\4");
  EXPECT_EQ(recent(box), "q\1\2\3\4");
  EXPECT_EQ(contents(box), "c\1\2\3\4");
  EXPECT_EQ(flag_change(box, Seq(5)), "c\1\2\3\4f\0\0\0\0\0\0\0\5"s);
  EXPECT_EQ(chunks(box), "c\1\2\3\4p");
  EXPECT_EQ(tail_row(box, Uid(6)), "c\1\2\3\4r\0\0\0\6"s);
  EXPECT_EQ(journal(box, Seq(7)), "j\1\2\3\4\0\0\0\0\0\0\0\7"s);
  EXPECT_EQ(subscription("Lists/C++"), "sLists/C++");
  EXPECT_EQ(email(Ordinal(0x0807060504030201)), "e\10\7\6\5\4\3\2\1");
  EXPECT_EQ(group(Ordinal(8)), "g\0\0\0\0\0\0\0\10"s);
  EXPECT_EQ(log(Seq(1)), "l\0\0\0\0\0\0\0\1"s);
  EXPECT_EQ(outbox(OutboxId(2)), "o\0\0\0\0\0\0\0\2"s);
  EXPECT_EQ(usage(), "u");
  EXPECT_EQ(sending(), "w");
  EXPECT_EQ(intent({account_id, OutboxId(3), 4}), "i" + id + "\0\0\0\0\0\0\0\3\0\0\0\4"s);
  EXPECT_EQ(content_horizon(), "v");
  EXPECT_EQ(horizon(), "z");
  EXPECT_EQ(kPieceKey, "k");
  EXPECT_EQ(kDueContent, "d");
  EXPECT_EQ(kDueHistory, "y");
  EXPECT_EQ(address("a@b"), "ua@b");
  EXPECT_EQ(removal(account_id), "i" + id);
  EXPECT_EQ(listed_outbox(account_id), "q" + id);
  EXPECT_EQ(without_scram(account_id), "f" + id);
  EXPECT_EQ(account_of(without_scram(account_id)), account_id);
  EXPECT_EQ(account_of("f"), std::nullopt);
}

TEST(Keys, PartsAreReadBack) {
  const MailboxId box(9);
  EXPECT_EQ(kind_of_contents(chunks(box)), kChunks);
  EXPECT_EQ(kind_of_contents(flag_change(box, Seq(1))), kFlagChange);
  EXPECT_EQ(kind_of_contents(tail_row(box, Uid(1))), kTailRow);
  EXPECT_EQ(kind_of_contents(contents(box)), '\0');
  EXPECT_EQ(uid_of_tail(tail_row(box, Uid(70'000))), 70'000U);
  EXPECT_EQ(mailbox_of(head(box)), box);
  EXPECT_EQ(last_number(flag_change(box, Seq(1ULL << 40))), 1ULL << 40);
  EXPECT_EQ(after_prefix(kAddresses), "v");
  EXPECT_EQ(after_prefix("a\xff"), "b");
  EXPECT_EQ(after_prefix("\xff"), "");
}

TEST(Keys, ARecordIsInTheRowOrInAPage) {
  EXPECT_EQ(in_row("x"), "rx");
  EXPECT_EQ(in_page(PageNumber(258)), "p\0\0\0\0\0\0\1\2"s);
  EXPECT_EQ(row_or_page("rx")->record, "x");
  EXPECT_FALSE(row_or_page("r")->page);
  EXPECT_EQ(row_or_page(in_page(PageNumber(258)))->page, PageNumber(258));
  for (const char* other : {"", "x", "Rx", "p", "p\1\2"}) EXPECT_FALSE(row_or_page(other)) << other;
}

}  // namespace
}  // namespace posthorn::store::keys
