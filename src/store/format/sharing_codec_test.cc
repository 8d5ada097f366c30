#include "store/format/sharing_codec.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "store/format/codec.h"
#include "store/format/record.h"

namespace posthorn::store {
namespace {

TEST(SharingCodec, GrantsComeBack) {
  for (const Grant& grant :
       {Grant{.account = AccountId{{1, 2, 3}}, .rights = {Right::lookup, Right::read}},
        Grant{.to = Grant::To::anyone, .sign = Grant::Sign::takes_away, .rights = Rights::all()},
        Grant{.to = Grant::To::group, .group = "sales", .rights = {}, .subscribed = true}}) {
    const std::string record = encode_grant(grant);
    auto back = decode_grant(record);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, grant);
    for (std::size_t cut = 0; cut < record.size(); ++cut)
      EXPECT_FALSE(decode_grant(std::string_view(record).substr(0, cut)));
  }
}

TEST(SharingCodec, SeenComesBack) {
  ReaderFlags seen;
  NumberSet some;
  some.add(3, 900);
  some.add(1000);
  NumberSet stored;
  stored.add(5, 7);
  seen.change({.to_seen = some, .stored = stored}, ModSeq(77));
  seen.change({.to_unseen = stored, .stored = stored}, ModSeq(99));
  const std::string record = encode_reader_flags(seen);
  auto back = decode_reader_flags(record);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->seen, seen.seen);
  EXPECT_EQ(back->unseen, stored);
  EXPECT_EQ(back->highest_modseq(), ModSeq(99));
  EXPECT_EQ(back->modseq_of(Uid(6)), ModSeq(99));
  EXPECT_EQ(back->modseq_of(Uid(8)), ModSeq(77));
  for (std::size_t cut = 0; cut < record.size(); ++cut)
    EXPECT_FALSE(decode_reader_flags(std::string_view(record).substr(0, cut)));
}

TEST(SharingCodec, OtherFlagsComeBack) {
  NumberSet some;
  some.add(3, 900);
  NumberSet few;
  few.add(7);
  OwnFlagsEdit edit{.flagged = some, .answered = few};
  edit.keywords.append(Uid(1), {0, 4, 999});
  edit.keywords.append(Uid(2), {});
  edit.keywords.append(Uid(UINT32_MAX), {4});
  ReaderFlags flags;
  flags.change(edit, ModSeq(5));
  const std::string record = encode_reader_flags(flags);
  auto back = decode_reader_flags(record);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->flagged, some);
  EXPECT_EQ(back->answered, few);
  EXPECT_EQ(back->keywords.runs(), flags.keywords.runs());
  EXPECT_EQ(back->keywords.sets(), flags.keywords.sets());
  EXPECT_EQ(back->highest_modseq(), ModSeq(5));
  for (std::size_t cut = 0; cut < record.size(); ++cut)
    EXPECT_FALSE(decode_reader_flags(std::string_view(record).substr(0, cut)));
}

// What earlier versions have written, octet by octet.
TEST(SharingCodec, ARecordOfSeenAloneIsThatOfEarlierVersions) {
  NumberSet some;
  some.add(2, 4);
  ReaderFlags flags;
  flags.change({.to_seen = some}, ModSeq(9));
  std::string payload;
  ByteWriter w(payload);
  write_numbers(w, some);
  write_numbers(w, {});
  w.varint(1);
  w.varint(9);
  write_numbers(w, some);
  EXPECT_EQ(encode_reader_flags(flags), seal_page(payload));
  // Something after it that is nothing at all.
  w.raw("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
  EXPECT_FALSE(decode_reader_flags(seal_page(payload)));
}

}  // namespace
}  // namespace posthorn::store
