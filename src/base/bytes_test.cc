#include "base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/clock.h"
#include "base/ids.h"

namespace posthorn {
namespace {

TEST(Bytes, RoundTrips) {
  std::string out;
  ByteWriter w(out);
  w.u8(7);
  w.u16(65535);
  w.u32(0x01020304);
  w.u64(std::numeric_limits<std::uint64_t>::max());
  w.varint(0);
  w.varint(300);
  w.varint(std::numeric_limits<std::uint64_t>::max());
  w.svarint(std::numeric_limits<std::int64_t>::min());
  w.svarint(-1);
  w.bytes("mail");
  ByteReader r(out);
  EXPECT_EQ(r.u8(), 7);
  EXPECT_EQ(r.u16(), 65535);
  EXPECT_EQ(r.u32(), 0x01020304U);
  EXPECT_EQ(r.u64(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(r.varint(), 0U);
  EXPECT_EQ(r.varint(), 300U);
  EXPECT_EQ(r.varint(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(r.svarint(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(r.svarint(), -1);
  EXPECT_EQ(r.bytes(), "mail");
  EXPECT_TRUE(r.ok());
  EXPECT_TRUE(r.at_end());
}

TEST(Bytes, EveryTruncationFails) {
  std::string out;
  ByteWriter w(out);
  w.u32(5);
  w.varint(1U << 20);
  w.bytes("abc");
  for (std::size_t length = 0; length < out.size(); ++length) {
    ByteReader r(std::string_view(out).substr(0, length));
    r.u32();
    r.varint();
    r.bytes();
    EXPECT_FALSE(r.ok()) << length;
  }
}

TEST(Ids, HexRoundTrips) {
  const PartitionId id = random_partition_id();
  EXPECT_EQ(partition_id_from_hex(to_hex(id)), id);
  EXPECT_NE(random_partition_id(), id);
  EXPECT_FALSE(partition_id_from_hex("zz"));
}

TEST(Clock, DatesAroundTheEpoch) {
  EXPECT_EQ(days_from({1970, 1, 1}), 0);
  EXPECT_EQ(date_from(-1), (Date{1969, 12, 31}));
  EXPECT_EQ(local_date({-1, 0}), (Date{1969, 12, 31}));
  EXPECT_EQ(local_date({-1, 60}), (Date{1970, 1, 1}));
  EXPECT_EQ(days_from({2026, 11, 23}), 20780);
}

}  // namespace
}  // namespace posthorn
