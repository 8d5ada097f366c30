#include <random>

#include "engine/conformance_fixture.h"
#include "engine/memory/memory_engine.h"

/// Reads with arbitrary contents of the caches. A read that may not wait returns the same result as
/// one that may, or would_block; it never reports absent data as present, or present data as
/// absent. A read that may wait is correct even with cold caches.
namespace posthorn::engine::conformance {
namespace {

constexpr std::uint8_t kPartitions = 6;
constexpr std::uint8_t kPieces = 40;
constexpr std::uint64_t kPages = 12;
constexpr std::size_t kRounds = 3;
constexpr std::size_t kRowsARound = 40;

class CachedConformance : public Conformance {
 protected:
  std::size_t below(std::size_t n) { return random_() % n; }
  /// The last two partitions are always empty.
  PartitionId some_partition() {
    return partition(static_cast<std::uint8_t>(below(kPartitions + 2)));
  }
  /// From a few octets to more than an engine's block, so that many keys are the last of their
  /// blocks.
  std::string some_bytes() {
    static constexpr std::array<std::size_t, 4> kSizes{20, 400, 5000, 9000};
    return std::string(1 + below(kSizes[below(4)]), static_cast<char>('a' + below(26)));
  }
  static std::string key_of(std::size_t n) { return fmt::format("r{:04}", n); }
  /// A key that is present, or absent directly after one that may be present.
  std::string some_key() {
    std::string key = key_of(below(kRounds * kRowsARound));
    if (below(3) != 0) key += fmt::format("-{}", below(100'000));
    return key;
  }

  void fill(std::size_t round);
  void warm();
  void ask(Tier tier, int times);
  void ask_for_rows(Tier tier);
  void ask_for_a_range(Tier tier);
  void ask_for_blobs(Tier tier);
  void compare_listings();

  template <class T>
  void judge(Tier tier, const Result<T>& got, const Result<T>& expected, std::string_view what);

  MemoryEngine plain_;
  std::mt19937 random_{11};
  std::size_t answered_ = 0;
};
POSTHORN_CONFORMANCE(CachedConformance);

void CachedConformance::fill(std::size_t round) {
  for (std::uint8_t n = 0; n < kPartitions; ++n) {
    const PartitionId p = partition(n);
    Commit made = change(p, plain_.tail(p, Tier::may_block)->value, {});
    for (std::size_t i = 0; i < kRowsARound; ++i)
      made.edits.push_back(put(key_of(i * kRounds + round), some_bytes()));
    for (std::uint64_t i = 1; i <= kPages; ++i)
      if (i % kRounds == round) made.carry.pages.push_back({PageNumber{i}, some_bytes()});
    for (std::uint8_t i = 0; i < kPieces; ++i)
      if (i % kPartitions == n && i % 4 == round)
        made.carry.holds.push_back(hold_of(piece(i), some_bytes(), 1));
    made.carry.candidates.push_back({p, piece(static_cast<std::uint8_t>(round)), 7});
    ASSERT_EQ(said(commit(engine(), made)), said(commit(plain_, made)));
  }
}

/// Brings some data of every kind into the caches.
void CachedConformance::warm() {
  for (int i = 0; i < 60; ++i) {
    static_cast<void>(row(engine(), some_partition(), some_key()));
    static_cast<void>(
        engine().read_page(some_partition(), PageNumber{below(kPages) + 1}, Tier::may_block));
    static_cast<void>(
        engine().read_piece(piece(static_cast<std::uint8_t>(below(kPieces))), Tier::may_block));
  }
}

template <class T>
void CachedConformance::judge(Tier tier, const Result<T>& got, const Result<T>& expected,
                              std::string_view what) {
  if (!got && tier == Tier::cached_only && got.error().kind == ErrorKind::would_block) return;
  ++answered_;
  ASSERT_EQ(got.has_value(), expected.has_value())
      << what << ": " << (got ? "answered" : name_of(got.error().kind));
  if (got) {
    ASSERT_TRUE(*got == *expected) << what;
  } else {
    ASSERT_EQ(got.error().kind, expected.error().kind) << what;
  }
}

void CachedConformance::ask_for_rows(Tier tier) {
  const PartitionId p = some_partition();
  std::vector<std::string> keys(below(8) == 0 ? 2 + below(10) : 1);
  for (std::string& key : keys) key = some_key();
  ASSERT_NO_FATAL_FAILURE(judge(tier, engine().get(p, keys, tier),
                                plain_.get(p, keys, Tier::may_block),
                                fmt::format("get of {} keys, {}", keys.size(), keys.front())));
}

void CachedConformance::ask_for_a_range(Tier tier) {
  const PartitionId p = some_partition();
  ASSERT_NO_FATAL_FAILURE(judge(tier, engine().tail(p, tier), plain_.tail(p, tier), "tail"));
  const std::string first = some_key();
  const std::string last = below(2) == 0 ? std::string() : some_key();
  const std::size_t limit = below(30);
  const auto flat = [](const Result<ScanResult>& scanned) -> Result<std::string> {
    if (!scanned) return std::unexpected(scanned.error());
    std::string text = fmt::format("{} {}", scanned->tail.value, scanned->next_key.value_or("end"));
    for (const Row& found : scanned->rows) text += " " + found.key + "=" + found.value;
    return text;
  };
  ASSERT_NO_FATAL_FAILURE(judge(tier, flat(engine().scan(p, first, last, limit, tier)),
                                flat(plain_.scan(p, first, last, limit, tier)), "scan"));
}

void CachedConformance::ask_for_blobs(Tier tier) {
  const PartitionId p = some_partition();
  const PageNumber number{below(kPages + 3) + 1};
  ASSERT_NO_FATAL_FAILURE(
      judge(tier, engine().read_page(p, number, tier), plain_.read_page(p, number, tier), "page"));
  const PieceName name = piece(static_cast<std::uint8_t>(below(kPieces + 10)));
  ASSERT_NO_FATAL_FAILURE(
      judge(tier, engine().read_piece(name, tier), plain_.read_piece(name, tier), "piece"));
}

void CachedConformance::ask(Tier tier, int times) {
  for (int i = 0; i < times; ++i) {
    ASSERT_NO_FATAL_FAILURE(ask_for_rows(tier));
    if (i % 8 != 0) continue;
    ASSERT_NO_FATAL_FAILURE(ask_for_a_range(tier));
    ASSERT_NO_FATAL_FAILURE(ask_for_blobs(tier));
  }
}

/// Calls without a tier may always wait, and are correct even with cold caches.
void CachedConformance::compare_listings() {
  ASSERT_EQ(engine().partitions(std::nullopt, 99).value(),
            plain_.partitions(std::nullopt, 99).value());
  ASSERT_EQ(engine().pieces(std::nullopt, 99).value(), plain_.pieces(std::nullopt, 99).value());
  ASSERT_EQ(engine().candidates(std::nullopt, 99).value(),
            plain_.candidates(std::nullopt, 99).value());
  for (std::uint8_t n = 0; n < kPartitions + 2; ++n)
    ASSERT_EQ(engine().pages(partition(n), PageNumber{0}, 99).value(),
              plain_.pages(partition(n), PageNumber{0}, 99).value());
  for (std::uint8_t n = 0; n < kPieces + 10; ++n) {
    const auto seen = engine().inspect(piece(n)).value();
    const auto plainly = plain_.inspect(piece(n)).value();
    ASSERT_EQ(seen.has_value(), plainly.has_value()) << +n;
    if (seen) ASSERT_EQ(seen->holders.size(), plainly->holders.size()) << +n;
  }
}

TEST_P(CachedConformance, ACachedReadIsRightOrWouldBlock) {
  for (std::size_t round = 0; round < kRounds; ++round) {
    ASSERT_NO_FATAL_FAILURE(fill(round));
    ASSERT_NO_FATAL_FAILURE(ask(Tier::cached_only, 200)) << "fresh, round " << round;
    EXPECT_GT(answered_, 0U);  // Recently written data is in memory.
    if (!keeps()) continue;
    ASSERT_NO_FATAL_FAILURE(reopen());
    ASSERT_NO_FATAL_FAILURE(ask(Tier::cached_only, 200)) << "cold, round " << round;
    for (int warmth = 0; warmth < 4; ++warmth) {
      warm();
      ASSERT_NO_FATAL_FAILURE(ask(Tier::cached_only, 1500)) << round << ", warmed " << warmth;
    }
  }
}

TEST_P(CachedConformance, AReadThatMayBlockIsRightFromColdCachesOn) {
  for (std::size_t round = 0; round < kRounds; ++round) {
    ASSERT_NO_FATAL_FAILURE(fill(round));
    if (keeps()) ASSERT_NO_FATAL_FAILURE(reopen());
    ASSERT_NO_FATAL_FAILURE(ask(Tier::may_block, 1500)) << round;
    if (keeps()) ASSERT_NO_FATAL_FAILURE(reopen());
    ASSERT_NO_FATAL_FAILURE(compare_listings()) << round;
  }
}

}  // namespace
}  // namespace posthorn::engine::conformance
