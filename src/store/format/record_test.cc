#include "store/format/record.h"

#include <gtest/gtest.h>

#include "base/ids.h"

namespace posthorn::store {
namespace {

std::string hex(std::string_view bytes) {
  PartitionId id;
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return to_hex(id);
}

TEST(Record, PiecesAreNamedByHmacSha256) {
  // RFC 4231 test cases 1 and 2, the first 16 octets.
  const std::string first(20, '\x0b');
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(hex(keyed_hash(first, "Hi There")), "b0344c61d8db38535ca8afceaf0bf12b");
    EXPECT_EQ(hex(keyed_hash("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c7");
    EXPECT_EQ(hex(keyed_hash("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c7");
  }
}

TEST(Record, DamageIsSeen) {
  const std::string record = seal("payload");
  EXPECT_EQ(*unseal(record), "payload");
  for (std::size_t i = 0; i < record.size(); ++i) {
    std::string damaged = record;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(unseal(damaged)) << i;
    EXPECT_FALSE(unseal(std::string_view(record).substr(0, i))) << i;
  }
}

TEST(Record, PagesOfAnySizeComeBack) {
  for (const std::size_t size : {0UZ, 1UZ, 100UZ, 300'000UZ}) {
    const std::string text(size, 'a');
    EXPECT_EQ(*unseal_page(seal_page(text)), text);
  }
  std::string noise;
  for (unsigned i = 0, x = 1; i < 5000; ++i)
    noise += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  EXPECT_EQ(*unseal_page(seal_page(noise)), noise);
  // Around the size that a string holds without an allocation.
  for (std::size_t size = 0; size < 70; ++size)
    EXPECT_EQ(*unseal_page(seal_page(noise.substr(0, size))), noise.substr(0, size));
}

TEST(Record, PagesGoIntoJustTheirRoom) {
  for (const std::string& text : {std::string(), std::string("short"), std::string(5'000, 'a')}) {
    const std::string record = seal_page(text);
    std::string room(text.size() + 1, '!');
    EXPECT_TRUE(unseal_page_into(record, std::span(room).first(text.size())));
    EXPECT_EQ(room, text + '!');
    EXPECT_FALSE(unseal_page_into(record, room));
    if (!text.empty()) {
      EXPECT_FALSE(unseal_page_into(record, std::span(room).first(text.size() - 1)));
    }
  }
}

}  // namespace
}  // namespace posthorn::store
