#include <random>

#include "engine/conformance_fixture.h"
#include "engine/memory/memory_engine.h"

/// Reads with arbitrary contents of the caches. A `try_` form returns the same result as the task,
/// or would_block; it never reports absent data as present, or present data as absent. A task is
/// correct even with cold caches, wherever it is awaited.
namespace posthorn::engine::conformance {
namespace {

constexpr std::uint8_t kPartitions = 6;
constexpr std::uint8_t kPieces = 40;
constexpr std::uint64_t kPages = 12;
constexpr std::size_t kRounds = 3;
constexpr std::size_t kRowsARound = 40;

/// How a read is made: by its `try_` form, or by the task, awaited on this thread, which has no
/// loop, or on a loop.
enum class How : std::uint8_t { tried, awaited_here, awaited_on_a_loop };

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
  void ask(How how, int times);
  void ask_for_rows(How how);
  void ask_for_a_range(How how);
  void ask_for_blobs(How how);
  void compare_listings();

  /// Makes a read in one of its two forms.
  template <class Try, class Start>
  std::invoke_result_t<Try> read(How how, Try tried, Start start) {
    if (how == How::tried) return tried();
    return how == How::awaited_here ? async::wait(start()) : on_loop(start());
  }
  template <class T>
  void judge(How how, const Result<T>& got, const Result<T>& expected, std::string_view what);

  MemoryEngine plain_;
  std::mt19937 random_{11};
  std::size_t answered_ = 0;
};
POSTHORN_CONFORMANCE(CachedConformance);

void CachedConformance::fill(std::size_t round) {
  for (std::uint8_t n = 0; n < kPartitions; ++n) {
    const PartitionId p = partition(n);
    Commit made = change(p, async::wait(plain_.version(p))->revision, {});
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
        async::wait(engine().read_page(some_partition(), PageNumber{below(kPages) + 1})));
    static_cast<void>(
        async::wait(engine().read_piece(piece(static_cast<std::uint8_t>(below(kPieces))))));
  }
}

template <class T>
void CachedConformance::judge(How how, const Result<T>& got, const Result<T>& expected,
                              std::string_view what) {
  if (!got && how == How::tried && got.error().kind == ErrorKind::would_block) return;
  ++answered_;
  ASSERT_EQ(got.has_value(), expected.has_value())
      << what << ": " << (got ? "answered" : name_of(got.error().kind));
  if (got) {
    ASSERT_TRUE(*got == *expected) << what;
  } else {
    ASSERT_EQ(got.error().kind, expected.error().kind) << what;
  }
}

void CachedConformance::ask_for_rows(How how) {
  const PartitionId p = some_partition();
  std::vector<std::string> keys(below(8) == 0 ? 2 + below(10) : 1);
  for (std::string& key : keys) key = some_key();
  const Result<Values> got =
      read(how, [&] { return engine().try_get(p, keys); }, [&] { return engine().get(p, keys); });
  ASSERT_NO_FATAL_FAILURE(judge(how, got, plain_.try_get(p, keys),
                                fmt::format("get of {} keys, {}", keys.size(), keys.front())));
}

void CachedConformance::ask_for_a_range(How how) {
  const PartitionId p = some_partition();
  const Result<PartitionVersion> version =
      read(how, [&] { return engine().try_version(p); }, [&] { return engine().version(p); });
  ASSERT_NO_FATAL_FAILURE(judge(how, version, plain_.try_version(p), "version"));
  const std::string first = some_key();
  const std::string last = below(2) == 0 ? std::string() : some_key();
  const std::size_t limit = below(30);
  const auto flat = [](const Result<ScanResult>& scanned) -> Result<std::string> {
    if (!scanned) return std::unexpected(scanned.error());
    std::string text =
        fmt::format("{} {}", scanned->version.revision, scanned->next_key.value_or("end"));
    for (const Row& found : scanned->rows) text += " " + found.key + "=" + found.value;
    return text;
  };
  const Result<ScanResult> got = read(
      how, [&] { return engine().try_scan(p, first, last, limit); },
      [&] { return engine().scan(p, first, last, limit); });
  ASSERT_NO_FATAL_FAILURE(
      judge(how, flat(got), flat(plain_.try_scan(p, first, last, limit)), "scan"));
}

void CachedConformance::ask_for_blobs(How how) {
  const PartitionId p = some_partition();
  std::vector<PageNumber> numbers(below(4) == 0 ? below(12) : 1);
  for (PageNumber& number : numbers) number = PageNumber{below(kPages + 3) + 1};
  std::vector<PieceName> names(below(4) == 0 ? below(12) : 1);
  for (PieceName& name : names) name = piece(static_cast<std::uint8_t>(below(kPieces + 10)));
  const Blobs pages = read(
      how,
      [&] {
        Blobs tried;
        for (const PageNumber number : numbers) tried.push_back(engine().try_read_page(p, number));
        return tried;
      },
      [&] { return engine().read_pages(p, numbers); });
  const Blobs pieces = read(
      how,
      [&] {
        Blobs tried;
        for (const PieceName& name : names) tried.push_back(engine().try_read_piece(name));
        return tried;
      },
      [&] { return engine().read_pieces(names); });
  ASSERT_EQ(pages.size(), numbers.size());
  ASSERT_EQ(pieces.size(), names.size());
  for (std::size_t i = 0; i < pages.size(); ++i)
    ASSERT_NO_FATAL_FAILURE(judge(how, pages[i], plain_.try_read_page(p, numbers[i]), "page"));
  for (std::size_t i = 0; i < pieces.size(); ++i)
    ASSERT_NO_FATAL_FAILURE(judge(how, pieces[i], plain_.try_read_piece(names[i]), "piece"));
}

void CachedConformance::ask(How how, int times) {
  for (int i = 0; i < times; ++i) {
    ASSERT_NO_FATAL_FAILURE(ask_for_rows(how));
    if (i % 8 != 0) continue;
    ASSERT_NO_FATAL_FAILURE(ask_for_a_range(how));
    ASSERT_NO_FATAL_FAILURE(ask_for_blobs(how));
  }
}

/// Calls without a `try_` form may always wait, and are correct even with cold caches.
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

TEST_P(CachedConformance, ATriedReadIsRightOrWouldBlock) {
  for (std::size_t round = 0; round < kRounds; ++round) {
    ASSERT_NO_FATAL_FAILURE(fill(round));
    ASSERT_NO_FATAL_FAILURE(ask(How::tried, 200)) << "fresh, round " << round;
    EXPECT_GT(answered_, 0U);  // Recently written data is in memory.
    if (!keeps()) continue;
    ASSERT_NO_FATAL_FAILURE(reopen());
    ASSERT_NO_FATAL_FAILURE(ask(How::tried, 200)) << "cold, round " << round;
    for (int warmth = 0; warmth < 4; ++warmth) {
      warm();
      ASSERT_NO_FATAL_FAILURE(ask(How::tried, 1500)) << round << ", warmed " << warmth;
    }
  }
}

TEST_P(CachedConformance, AnAwaitedReadIsRightFromColdCachesOn) {
  for (std::size_t round = 0; round < kRounds; ++round) {
    ASSERT_NO_FATAL_FAILURE(fill(round));
    if (keeps()) ASSERT_NO_FATAL_FAILURE(reopen());
    ASSERT_NO_FATAL_FAILURE(ask(How::awaited_here, 1000)) << round;
    if (keeps()) ASSERT_NO_FATAL_FAILURE(reopen());
    ASSERT_NO_FATAL_FAILURE(ask(How::awaited_on_a_loop, 1000)) << round;
    if (keeps()) ASSERT_NO_FATAL_FAILURE(reopen());
    ASSERT_NO_FATAL_FAILURE(compare_listings()) << round;
  }
}

}  // namespace
}  // namespace posthorn::engine::conformance
