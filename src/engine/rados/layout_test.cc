#include "engine/rados/layout.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/rados/bells.h"
#include "engine/rados/range.h"

namespace posthorn::engine::rados {
namespace {

TEST(RadosLayout, RowNamesKeepTheOrderAndHaveNoZeros) {
  std::vector<std::string> keys{"",    std::string(1, '\0'), std::string(2, '\0'), "a", "\x02",
                                "\xff"};
  for (const char c : {'\0', '\1', '\2', '\x7f', '\xff'})
    for (const char d : {'\0', '\1', '\2', '\xff'}) keys.push_back({c, d, 'x'});
  std::ranges::sort(keys);
  std::vector<std::string> names;
  for (const std::string& key : keys) {
    names.push_back(row_name(key));
    EXPECT_EQ(names.back().find('\0'), std::string::npos);
    EXPECT_EQ(key_of_row(names.back()), key);
  }
  EXPECT_TRUE(std::ranges::is_sorted(names));
  for (const char* damaged : {"", "x", "r\1", "r\1\3", "ra\1"}) EXPECT_FALSE(key_of_row(damaged));
}

TEST(RadosLayout, NamesAreReadBack) {
  PartitionId id;
  id.bytes.fill(0xa7);
  EXPECT_EQ(partition_of_object(partition_object(id)), id);
  EXPECT_FALSE(partition_of_object("a.7"));
  EXPECT_FALSE(partition_of_object("b" + partition_object(id).substr(1)));
  EXPECT_FALSE(partition_of_object("a." + std::string(32, 'A')));
  EXPECT_EQ(page_of_row(page_row(PageNumber{~0ULL})), PageNumber{~0ULL});
  EXPECT_FALSE(page_of_row("p00000000000000zz"));
  EXPECT_FALSE(page_of_row("p1"));
  EXPECT_LT(page_row(PageNumber{255}), page_row(PageNumber{256}));
}

TEST(RadosLayout, AHeaderIsReadBackAndDamageIsSeen) {
  EXPECT_EQ(Header{}.encode(), "");
  EXPECT_EQ(Header::parse(""), Header{});
  Header header;
  header.version = {Seq{5}, 7, 3};
  header.bump = 9;
  for (std::uint64_t i = 0; i < Header::kIds; ++i) header.ids.push_back(i << 40 | 1);
  const std::string stored = header.encode();
  EXPECT_EQ(Header::parse(stored), header);
  for (std::size_t size = 1; size < stored.size(); ++size) {
    const auto parsed = Header::parse(stored.substr(0, size));
    if (parsed) EXPECT_FALSE(*parsed == header);
    if (size < 33) EXPECT_FALSE(parsed);
  }
  EXPECT_FALSE(Header::parse(stored + std::string(8, 'x')));
  std::string newer = stored;
  newer[0] = 2;
  EXPECT_EQ(Header::parse(newer).error().kind, ErrorKind::not_supported);
}

TEST(RadosLayout, AHeaderKnowsTheMakersOfTheLastRevisions) {
  Header header;
  header.version.revision = 10;
  header.ids = {110, 109, 108};
  EXPECT_EQ(header.maker_of(10), 110U);
  EXPECT_EQ(header.maker_of(8), 108U);
  EXPECT_EQ(header.maker_of(7), std::nullopt);
  EXPECT_EQ(header.maker_of(11), std::nullopt);
  EXPECT_EQ(header.maker_of(0), std::nullopt);
}

TEST(RadosLayout, TheCommonPrefixCoversTheWholeRange) {
  EXPECT_EQ(common_prefix("", ""), "");
  EXPECT_EQ(common_prefix("abc", "abd"), "abc");
  EXPECT_EQ(common_prefix("abcx", "abd"), "abc");
  EXPECT_EQ(common_prefix("abc", "abe"), "ab");
  EXPECT_EQ(common_prefix("abc", "abda"), "ab");
  EXPECT_EQ(common_prefix("n", "o"), "n");
  EXPECT_EQ(common_prefix("n\x01", "o"), "n");
  EXPECT_EQ(common_prefix("a", "abc"), "a");
  EXPECT_EQ(common_prefix("\x7f", "\x80"), "\x7f");
  EXPECT_EQ(common_prefix("", "a"), "");
}

TEST(RadosLayout, BellsAreReadBack) {
  BellMessage message{std::string(16, 's'), {}};
  Bell bell;
  bell.partition.bytes.fill(3);
  bell.version = {Seq{1}, 2, 3};
  message.bells = {bell, bell};
  const std::string sent = encode_bells(message);
  const auto parsed = parse_bells(sent);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->sender, message.sender);
  ASSERT_EQ(parsed->bells.size(), 2U);
  EXPECT_EQ(parsed->bells[1].partition, bell.partition);
  EXPECT_EQ(parsed->bells[1].version, bell.version);
  EXPECT_FALSE(parse_bells(sent.substr(0, sent.size() - 1)));
  EXPECT_FALSE(parse_bells(""));
  EXPECT_FALSE(parse_bells("\2" + sent.substr(1)));
}

}  // namespace
}  // namespace posthorn::engine::rados
