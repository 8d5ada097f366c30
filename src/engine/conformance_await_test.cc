#include <thread>

#include "async/gate.h"
#include "engine/conformance_fixture.h"

/// Awaited reads: of several pages and pieces in one call, on a loop and without one.
namespace posthorn::engine::conformance {
namespace {

class AwaitConformance : public Conformance {
 protected:
  /// Stores pages and pieces with all numbers from 1 to 40 that are not multiples of 3.
  void fill() {
    Commit made = change(p_, 0, {put("a", "1"), put("b", "2")});
    for (std::uint8_t n = 1; n <= kMost; ++n) {
      if (n % 3 == 0) continue;
      made.carry.pages.push_back({PageNumber{n}, bytes_of('p', n)});
      made.carry.holds.push_back(hold_of(piece(n), bytes_of('b', n), 1));
    }
    ASSERT_EQ(said(commit(engine(), std::move(made))), "1");
    if (keeps()) reopen();
  }
  static std::string bytes_of(char kind, std::uint64_t n) {
    return kind + std::to_string(n) + std::string(n % 2 == 0 ? 20'000 : 20, kind);
  }
  /// Awaits a task without a loop, and then on one.
  template <class Start>
  void twice(Start start, const std::function<void(decltype(async::wait(start())))>& check) {
    check(async::wait(start()));
    check(on_loop(start()));
  }

  static constexpr std::uint8_t kMost = 40;
  const PartitionId p_ = partition(1);
};
POSTHORN_CONFORMANCE(AwaitConformance);

TEST_P(AwaitConformance, SeveralPagesInOneCall) {
  ASSERT_NO_FATAL_FAILURE(fill());
  std::vector<PageNumber> numbers;
  for (std::uint64_t n = kMost; n > 0; --n) numbers.emplace_back(n);
  numbers.emplace_back(1);  // Again.
  twice([&] { return engine().read_pages(p_, numbers); },
        [&](const Blobs& pages) {
          ASSERT_EQ(pages.size(), numbers.size());
          for (std::size_t i = 0; i < pages.size(); ++i) {
            const std::uint64_t n = numbers[i].value;
            EXPECT_EQ(said(pages[i]), n % 3 == 0 ? "<not_found>" : bytes_of('p', n));
          }
        });
  twice([&] { return engine().read_pages(p_, {}); },
        [](const Blobs& pages) { EXPECT_TRUE(pages.empty()); });
  twice([&] { return engine().read_pages(partition(2), {PageNumber{1}}); },
        [](const Blobs& pages) { EXPECT_EQ(said(pages.at(0)), "<not_found>"); });
}

TEST_P(AwaitConformance, SeveralPiecesInOneCall) {
  ASSERT_NO_FATAL_FAILURE(fill());
  std::vector<PieceName> names;
  for (std::uint8_t n = 1; n <= kMost; ++n) names.push_back(piece(n));
  twice([&] { return engine().read_pieces(names); },
        [&](const Blobs& pieces) {
          ASSERT_EQ(pieces.size(), names.size());
          for (std::uint8_t n = 1; n <= kMost; ++n)
            EXPECT_EQ(said(pieces[n - 1U]), n % 3 == 0 ? "<not_found>" : bytes_of('b', n));
        });
}

TEST_P(AwaitConformance, OneAtATime) {
  ASSERT_NO_FATAL_FAILURE(fill());
  using Value = Result<std::optional<std::string>>;
  twice([&] { return engine().read_page(p_, PageNumber{2}); },
        [](const Result<std::string>& page) { EXPECT_EQ(said(page), bytes_of('p', 2)); });
  twice([&] { return engine().read_piece(piece(3)); },
        [](const Result<std::string>& bytes) { EXPECT_EQ(said(bytes), "<not_found>"); });
  twice([&] { return engine().get_row(p_, "b"); },
        [](const Value& value) { EXPECT_EQ(value.value(), "2"); });
  twice([&] { return engine().get_row(p_, "c"); },
        [](const Value& value) { EXPECT_EQ(value.value(), std::nullopt); });
  twice([&] { return engine().version(p_); },
        [](const Result<PartitionVersion>& tail) { EXPECT_EQ(said(tail), "1"); });
  twice([&] { return engine().scan(p_, "", "", 1); },
        [](const Result<ScanResult>& scanned) {
          ASSERT_TRUE(scanned);
          ASSERT_EQ(scanned->rows.size(), 1U);
          EXPECT_EQ(scanned->rows[0].value, "1");
          EXPECT_EQ(scanned->next_key, "b");
        });
}

/// A task starts only when it is awaited, so its arguments may be gone by then.
TEST_P(AwaitConformance, TheArgumentsNeedNotOutliveTheCall) {
  ASSERT_NO_FATAL_FAILURE(fill());
  std::optional<async::Task<Result<Values>>> got;
  std::optional<async::Task<Result<ScanResult>>> scanned;
  std::optional<async::Task<Blobs>> pages;
  {
    const PartitionId p = p_;
    const std::vector<std::string> keys{std::string(100, 'k'), "a"};
    const std::string first = "b";
    const std::string last(100, 'x');
    const std::vector numbers{PageNumber{1}, PageNumber{2}};
    got = engine().get(p, keys);
    scanned = engine().scan(p, first, last, 9);
    pages = engine().read_pages(p, numbers);
  }
  EXPECT_EQ(async::wait(std::move(*got)).value(), (Values{std::nullopt, "1"}));
  EXPECT_EQ(async::wait(std::move(*scanned))->rows.size(), 1U);
  EXPECT_EQ(said(on_loop(std::move(*pages)).at(1)), bytes_of('p', 2));
}

async::Task<void> read_and_count(Engine& engine, PartitionId p, std::thread::id home, int& right) {
  for (std::uint64_t n = 1; n <= 20; ++n) {
    const auto pages = co_await engine.read_pages(p, {PageNumber{n}, PageNumber{n + 1}});
    const auto value = co_await engine.get_row(p, "a");
    if (pages.size() == 2 && value && *value == "1" && std::this_thread::get_id() == home) ++right;
  }
}

async::Task<int> read_at_once(Engine& engine, PartitionId p) {
  int right = 0;
  async::Gate gate;
  for (int i = 0; i < 50; ++i)
    gate.spawn(read_and_count(engine, p, std::this_thread::get_id(), right));
  co_await gate.wait_empty();
  co_return right;
}

TEST_P(AwaitConformance, ManyAtOnceOnOneLoopResumeOnIt) {
  ASSERT_NO_FATAL_FAILURE(fill());
  EXPECT_EQ(on_loop(read_at_once(engine(), p_)), 50 * 20);
}

TEST_P(AwaitConformance, AfterCloseEveryReadIsUnavailable) {
  ASSERT_NO_FATAL_FAILURE(fill());
  engine().close();
  twice([&] { return engine().version(p_); },
        [](const Result<PartitionVersion>& tail) { EXPECT_EQ(said(tail), "<unavailable>"); });
  twice([&] { return engine().read_pages(p_, {PageNumber{1}, PageNumber{2}}); },
        [](const Blobs& pages) {
          for (const auto& page : pages) EXPECT_EQ(said(page), "<unavailable>");
        });
  EXPECT_EQ(said(engine().try_version(p_)), "<unavailable>");
  EXPECT_EQ(said(engine().try_read_piece(piece(1))), "<unavailable>");
}

}  // namespace
}  // namespace posthorn::engine::conformance
