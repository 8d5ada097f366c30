#include "store/format/sharing_codec.h"

#include <gtest/gtest.h>

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
  ReaderSeen seen;
  NumberSet some;
  some.add(3, 900);
  some.add(1000);
  NumberSet stored;
  stored.add(5, 7);
  seen.set(some, stored, true, ModSeq(77));
  seen.set(stored, stored, false, ModSeq(99));
  const std::string record = encode_reader_seen(seen);
  auto back = decode_reader_seen(record);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->seen, seen.seen);
  EXPECT_EQ(back->unseen, stored);
  EXPECT_EQ(back->highest_modseq(), ModSeq(99));
  EXPECT_EQ(back->modseq_of(Uid(6)), ModSeq(99));
  EXPECT_EQ(back->modseq_of(Uid(8)), ModSeq(77));
  for (std::size_t cut = 0; cut < record.size(); ++cut)
    EXPECT_FALSE(decode_reader_seen(std::string_view(record).substr(0, cut)));
}

}  // namespace
}  // namespace posthorn::store
