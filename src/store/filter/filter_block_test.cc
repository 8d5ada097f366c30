#include "store/filter/filter_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include "store/format/record.h"

namespace posthorn::store {
namespace {

/// Messages with signatures of all sizes; some ordinals are missing.
std::vector<SignedMessage> some_messages(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<SignedMessage> out;
  std::uint64_t ordinal = 1000;
  GramCollector collector;
  for (std::size_t i = 0; i < count; ++i) {
    ordinal += 1 + random() % 3;
    std::string text;
    for (std::size_t size = 20U << random() % 11; text.size() < size;)
      text += static_cast<char>('A' + random() % 26);
    collector.begin();
    collector.add(text);
    out.push_back({Ordinal(ordinal), collector.finish()});
  }
  return out;
}

struct Opened {
  FilterDirectory directory;
  std::vector<std::string> parts;
};

Opened open(Ordinal first, Ordinal last, const FilterPages& pages) {
  Opened out;
  auto directory = FilterDirectory::decode(first, last, pages.directory);
  EXPECT_TRUE(directory) << directory.error().text;
  out.directory = *directory;
  EXPECT_EQ(out.directory.parts(), pages.parts.size());
  for (const std::string& record : pages.parts) {
    auto part = out.directory.open_part(record);
    EXPECT_TRUE(part) << part.error().text;
    out.parts.push_back(*part);
  }
  return out;
}

class FilterBlockTest : public testing::TestWithParam<std::size_t> {};

TEST_P(FilterBlockTest, RulesOutWhatTheSignaturesRuleOut) {
  const auto messages = some_messages(GetParam(), 1);
  const Opened filter =
      open(Ordinal(1000), Ordinal(100'000), encode_filter(Ordinal(1000), messages));
  std::mt19937 random(2);
  for (int round = 0; round < 50; ++round) {
    std::vector<Gram> grams;
    for (unsigned n = 1 + random() % 4; n > 0; --n)
      grams.push_back(static_cast<Gram>(random() % kGramRange));
    FilterColumns columns(filter.directory);
    for (const Gram gram : grams)
      columns.narrow(gram, filter.parts[filter.directory.part_of(gram)]);
    std::set<Ordinal> absent;
    columns.for_each_absent([&](Ordinal ordinal) { absent.insert(ordinal); });
    for (const SignedMessage& message : messages) {
      const bool has =
          std::ranges::all_of(grams, [&](Gram gram) { return message.signature.has(gram); });
      EXPECT_EQ(absent.contains(message.ordinal), !has);
    }
  }
}

TEST_P(FilterBlockTest, GivesTheSignaturesBack) {
  const auto messages = some_messages(GetParam(), 3);
  const Opened filter =
      open(Ordinal(1000), Ordinal(100'000), encode_filter(Ordinal(1000), messages));
  const auto again = filter.directory.signatures(filter.parts);
  ASSERT_EQ(again.size(), messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(again[i].ordinal, messages[i].ordinal);
    EXPECT_EQ(again[i].signature, messages[i].signature);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, FilterBlockTest, testing::Values(0, 1, 7, 8, 63, 64, 65, 256, 700));

TEST(FilterBlock, DamageIsCorruptAndNeverCrashes) {
  const auto messages = some_messages(40, 4);
  const FilterPages pages = encode_filter(Ordinal(1000), messages);
  const std::string payload = *unseal_page(pages.directory);
  for (std::size_t at = 0; at < payload.size(); ++at) {
    for (const unsigned flip : {1U, 0x80U, 0xFFU}) {
      std::string damaged = payload;
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ flip);
      const auto directory =
          FilterDirectory::decode(Ordinal(1000), Ordinal(1500), seal_page(damaged));
      if (!directory) continue;
      for (const auto& matrix : directory->matrices())
        for (const Ordinal ordinal : matrix.columns) EXPECT_LE(ordinal, Ordinal(1500));
    }
    EXPECT_FALSE(
        FilterDirectory::decode(Ordinal(1000), Ordinal(1500), seal_page(payload.substr(0, at))));
  }
  EXPECT_FALSE(FilterDirectory::decode(Ordinal(1000), Ordinal(1001), pages.directory))
      << "names messages that it is not for";
}

TEST(FilterBlock, APartOfAnotherFilterIsRefused) {
  const FilterPages small = encode_filter(Ordinal(1000), some_messages(3, 5));
  const FilterPages large = encode_filter(Ordinal(1000), some_messages(70, 6));
  const auto directory = FilterDirectory::decode(Ordinal(1000), Ordinal(1500), small.directory);
  ASSERT_TRUE(directory);
  EXPECT_TRUE(directory->open_part(small.parts.front()));
  EXPECT_FALSE(directory->open_part(large.parts.front()));
}

}  // namespace
}  // namespace posthorn::store
