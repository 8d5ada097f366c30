#include <random>

#include "engine/conformance_fixture.h"
#include "engine/memory/memory_engine.h"

/// Makes the same random calls on the engine under test and on the memory engine. All results and
/// all readable data must be equal.
namespace posthorn::engine::conformance {
namespace {

class RandomConformance : public Conformance {
 protected:
  std::size_t below(std::size_t n) { return random_() % n; }
  PartitionId some_partition() { return partition(static_cast<std::uint8_t>(below(3) * 127)); }
  PieceName some_piece() { return piece(static_cast<std::uint8_t>(below(5))); }
  std::string some_key() {
    static constexpr std::array<std::string_view, 6> kParts{"", "a", "\xff", "ab", "z", "\x01"};
    return std::string(kParts[below(6)]) + std::string(kParts[below(6)]);
  }
  std::string some_bytes() { return std::string(below(6000), static_cast<char>('a' + below(26))); }

  Commit some_commit();
  void some_call();
  void compare_rows(const PartitionId& p);
  void compare_everything();

  MemoryEngine plain_;
  std::mt19937 random_{77};
};
POSTHORN_CONFORMANCE(RandomConformance);

Commit RandomConformance::some_commit() {
  Commit made;
  made.partition = some_partition();
  made.expect = *async::wait(plain_.version(made.partition));
  if (below(8) == 0) made.expect.revision += below(3);
  made.advance = below(4);
  for (std::size_t i = below(6); i > 0; --i)
    made.edits.push_back(below(3) ? put(some_key(), some_bytes()) : removal(some_key()));
  if (below(2)) made.carry.pages.push_back({PageNumber{1 + below(20)}, some_bytes()});
  if (below(3) == 0) made.carry.dropped_pages.push_back(PageNumber{1 + below(20)});
  for (std::size_t i = below(3); i > 0; --i) {
    const PieceName name = some_piece();
    const std::size_t size = below(3) == 0 ? 0 : 3000;  // Without bytes: written ahead, or missing.
    made.carry.holds.push_back(hold_of(name, std::string(size, static_cast<char>(name.bytes[0])),
                                       static_cast<std::int64_t>(below(100))));
  }
  if (below(4) == 0)
    made.carry.candidates.push_back(
        {some_partition(), some_piece(), static_cast<std::int64_t>(below(3))});
  return made;
}

void RandomConformance::some_call() {
  const PartitionId p = some_partition();
  const PieceName name = some_piece();
  switch (below(9)) {
    case 0: {
      const std::string bytes = some_bytes();
      const PageNumber number{1 + below(20)};
      ASSERT_TRUE(engine().put_page(p, number, bytes));
      ASSERT_TRUE(plain_.put_page(p, number, bytes));
      break;
    }
    case 1: {
      const std::vector<PageNumber> numbers{PageNumber{1 + below(20)}, PageNumber{1 + below(20)}};
      ASSERT_TRUE(engine().drop_pages(p, numbers));
      ASSERT_TRUE(plain_.drop_pages(p, numbers));
      break;
    }
    case 2: {
      const auto hold = hold_of(name, std::string(3000, static_cast<char>(name.bytes[0])),
                                static_cast<std::int64_t>(below(100)));
      ASSERT_TRUE(engine().hold(hold, p));
      ASSERT_TRUE(plain_.hold(hold, p));
      break;
    }
    case 3: {
      const auto stamp = static_cast<std::int64_t>(below(120));
      ASSERT_TRUE(engine().unhold(name, p, stamp));
      ASSERT_TRUE(plain_.unhold(name, p, stamp));
      break;
    }
    case 4: {
      const auto seen = engine().inspect(name);
      const auto plainly = plain_.inspect(name);
      ASSERT_TRUE(seen && plainly);
      ASSERT_EQ(seen->has_value(), plainly->has_value());
      if (!*seen) break;
      const std::uint64_t back = below(2);
      ASSERT_EQ(engine().erase(name, (*seen)->version - back).value(),
                plain_.erase(name, (*plainly)->version - back).value());
      break;
    }
    case 5: {
      const Candidate looked_at{p, name, static_cast<std::int64_t>(below(3))};
      ASSERT_TRUE(engine().clear_candidate(looked_at));
      ASSERT_TRUE(plain_.clear_candidate(looked_at));
      break;
    }
    default: {
      const Commit made = some_commit();
      ASSERT_EQ(all_of(commit(engine(), made)), all_of(commit(plain_, made)));
    }
  }
}

void RandomConformance::compare_rows(const PartitionId& p) {
  ASSERT_EQ(all_of(async::wait(engine().version(p))), all_of(async::wait(plain_.version(p))));
  ASSERT_EQ(rows(engine(), p), rows(plain_, p));
  const std::string first = some_key();
  const std::string last = some_key();
  const std::size_t limit = below(4);
  ASSERT_EQ(rows(engine(), p, first, last, limit), rows(plain_, p, first, last, limit));
  const auto numbers = engine().pages(p, PageNumber{below(20)}, 100);
  ASSERT_TRUE(numbers);
  for (const PageNumber number : *numbers)
    ASSERT_EQ(said(async::wait(engine().read_page(p, number))),
              said(async::wait(plain_.read_page(p, number))));
  ASSERT_EQ(engine().pages(p, PageNumber{0}, 100).value(),
            plain_.pages(p, PageNumber{0}, 100).value());
}

void RandomConformance::compare_everything() {
  for (const std::uint8_t n : {0, 127, 254}) ASSERT_NO_FATAL_FAILURE(compare_rows(partition(n)));
  ASSERT_EQ(engine().partitions(std::nullopt, 9).value(),
            plain_.partitions(std::nullopt, 9).value());
  ASSERT_EQ(engine().candidates(std::nullopt, 99).value(),
            plain_.candidates(std::nullopt, 99).value());
  const Candidate from{some_partition(), some_piece(), 0};
  ASSERT_EQ(engine().candidates(from, 2).value(), plain_.candidates(from, 2).value());
  const auto names = engine().pieces(std::nullopt, 99).value();
  ASSERT_EQ(names, plain_.pieces(std::nullopt, 99).value());
  for (const PieceName& name : names) {
    const auto seen = engine().inspect(name).value();
    const auto plainly = plain_.inspect(name).value();
    ASSERT_TRUE(seen && plainly);
    ASSERT_EQ(seen->stored_bytes, plainly->stored_bytes);
    ASSERT_EQ(seen->holders.size(), plainly->holders.size());
    for (std::size_t i = 0; i < seen->holders.size(); ++i) {
      ASSERT_EQ(seen->holders[i].partition, plainly->holders[i].partition);
      ASSERT_EQ(seen->holders[i].stamp, plainly->holders[i].stamp);
    }
    ASSERT_EQ(said(async::wait(engine().read_piece(name))),
              said(async::wait(plain_.read_piece(name))));
  }
}

TEST_P(RandomConformance, AnswersAsThePlainestEngine) {
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < 60; ++i) ASSERT_NO_FATAL_FAILURE(some_call()) << round << "/" << i;
    ASSERT_NO_FATAL_FAILURE(compare_everything()) << round;
    if (keeps() && round % 4 == 3) ASSERT_NO_FATAL_FAILURE(reopen());
  }
}

}  // namespace
}  // namespace posthorn::engine::conformance
