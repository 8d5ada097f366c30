#include "store/filter/grams.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <string>

namespace posthorn::store {
namespace {

Signature sign(std::string_view text, std::size_t chunk = std::string::npos) {
  GramCollector collector;
  collector.begin();
  for (std::size_t at = 0; at < text.size(); at += std::min(chunk, text.size()))
    collector.add(text.substr(at, chunk));
  return collector.finish();
}

bool may_contain(const Signature& signature, std::string_view needle) {
  return std::ranges::all_of(grams_of(needle), [&](Gram gram) { return signature.has(gram); });
}

std::string random_text(std::mt19937& random, std::size_t size, unsigned letters) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>('A' + random() % letters);
  return out;
}

TEST(Grams, EverySubstringMayBeThere) {
  std::mt19937 random(1);
  const std::string text = random_text(random, 600, 26);
  const Signature signature = sign(text);
  for (std::size_t at = 0; at < text.size(); ++at)
    for (const std::size_t size : {1, 2, 3, 4, 5, 9, 40, 300})
      EXPECT_TRUE(may_contain(signature, std::string_view(text).substr(at, size)));
}

TEST(Grams, TextsThatAreNotThereAreMostlyRuledOut) {
  std::mt19937 random(2);
  for (const std::size_t size : {50, 1000, 20'000}) {
    const Signature signature = sign(random_text(random, size, 26));
    int wrong = 0;
    for (int i = 0; i < 1000; ++i) wrong += may_contain(signature, random_text(random, 10, 26));
    EXPECT_LT(wrong, 5) << size;
  }
}

TEST(Grams, ChunksMakeNoDifference) {
  std::mt19937 random(3);
  const std::string text = random_text(random, 300, 20);
  const Signature whole = sign(text);
  for (std::size_t chunk = 1; chunk < 9; ++chunk) EXPECT_EQ(sign(text, chunk), whole);
}

TEST(Grams, NoGramSpansTwoTexts) {
  GramCollector collector;
  for (const std::string_view text : {"ABC", "DEF"}) {
    collector.begin();
    collector.add(text);
  }
  const Signature signature = collector.finish();
  EXPECT_TRUE(may_contain(signature, "ABC"));
  EXPECT_TRUE(may_contain(signature, "DEF"));
  EXPECT_FALSE(may_contain(signature, "BCD"));
  EXPECT_FALSE(may_contain(signature, "ABCDEF"));
}

TEST(Grams, ACollectorForgets) {
  GramCollector collector;
  collector.begin();
  collector.add("SOMETHING");
  (void)collector.finish();
  const Signature empty = collector.finish();
  EXPECT_TRUE(std::ranges::all_of(empty.words, [](std::uint64_t word) { return word == 0; }));
}

TEST(Grams, ShortNeedlesHaveNone) {
  EXPECT_TRUE(grams_of("").empty());
  EXPECT_TRUE(grams_of("AB").empty());
  EXPECT_EQ(grams_of("ABC").size(), 1U);
  EXPECT_EQ(grams_of("ABCD").size(), 3U);
  EXPECT_EQ(grams_of("\xE6\x97\xA5").size(), 1U) << "one ideograph has three octets";
  EXPECT_LE(grams_of(std::string(100'000, 'X') + "YZ").size(), 14U);
}

TEST(Grams, ASignatureGrowsWithTheText) {
  std::mt19937 random(4);
  for (const std::size_t size : {10, 100, 1000, 10'000, 50'000}) {
    const Signature signature = sign(random_text(random, size, 26));
    std::size_t set = 0;
    for (const std::uint64_t word : signature.words)
      set += static_cast<std::size_t>(std::popcount(word));
    EXPECT_EQ(signature.words.size() * 64, signature.rows());
    EXPECT_LT(set * 2, signature.rows()) << size;
    if (size >= 1000) {
      EXPECT_GT(set * 4, signature.rows()) << size;
    }
  }
  EXPECT_EQ(sign(random_text(random, 2'000'000, 26)).rows(), kGramRange);
}

/// Whoever changes this has to increment kFilterVersion: stored filters were made with these grams.
TEST(Grams, AreAsStored) { EXPECT_EQ(grams_of("POST"), (std::vector<Gram>{7544, 58'292, 59'534})); }

}  // namespace
}  // namespace posthorn::store
