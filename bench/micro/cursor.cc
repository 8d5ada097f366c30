#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "service/cursor.h"
#include "service/test_mailbox.h"

// What a session has to say when k of n messages changed: the cost should follow k.
namespace posthorn::bench {
namespace {

using service::testing::TestMailbox;

/// A version with n messages and the next one, made by `change`.
template <class Change>
void advance(benchmark::State& state, Change&& change) {
  TestMailbox mailbox;
  mailbox.append(static_cast<std::uint32_t>(state.range(0)));
  const store::Mailbox before = mailbox.now();
  change(mailbox, static_cast<std::uint32_t>(state.range(1)));
  const store::Mailbox after = mailbox.now();
  const service::Cursor told({before, store::Actor::upkeep(), {}});
  for (auto _ : state) {
    service::Cursor cursor = told;
    auto updates = cursor.advance({after, store::Actor::upkeep(), {}}, service::kTellAll);
    if (updates.empty()) std::abort();
    benchmark::DoNotOptimize(updates);
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

/// The i-th of `count` messages spread evenly over a mailbox of `all`.
std::uint32_t spread(std::uint32_t i, std::uint32_t count, std::uint32_t all) {
  return 1 + static_cast<std::uint32_t>(std::uint64_t{i} * all / count);
}

void advance_flags(benchmark::State& state) {
  const auto all = static_cast<std::uint32_t>(state.range(0));
  advance(state, [all](TestMailbox& mailbox, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i)
      mailbox.set_flags(spread(i, count, all), bit(SystemFlag::seen));
  });
}

void advance_arrivals(benchmark::State& state) {
  advance(state, [](TestMailbox& mailbox, std::uint32_t count) { mailbox.append(count); });
}

void advance_expunges(benchmark::State& state) {
  const auto all = static_cast<std::uint32_t>(state.range(0));
  advance(state, [all](TestMailbox& mailbox, std::uint32_t count) {
    std::vector<std::uint32_t> uids;
    for (std::uint32_t i = 0; i < count; ++i) uids.push_back(spread(i, count, all));
    mailbox.expunge(uids);
  });
}

void sizes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"n", "k"});
  for (const std::int64_t n : {1000, 100'000})
    for (const std::int64_t k : {1, 100}) b->Args({n, k});
}
BENCHMARK(advance_flags)->Apply(sizes);
BENCHMARK(advance_arrivals)->Apply(sizes);
BENCHMARK(advance_expunges)->Apply(sizes);

}  // namespace
}  // namespace posthorn::bench
