#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "load/message.h"
#include "micro/rig.h"
#include "search/search.h"
#include "search/sort.h"
#include "search/thread.h"

// Search programs, sorting and threading over the rows and columns of one mailbox, with the hop to
// the loop in it: some ten microseconds.
namespace posthorn::bench {
namespace {

using message::SearchKey;
using Kind = SearchKey::Kind;

constexpr std::uint32_t kMessages = 5000;

Rig& rig() {
  static Rig one(kMessages);
  return one;
}

SearchKey flag(SystemFlag which) {
  SearchKey key;
  key.kind = Kind::flag_set;
  key.flag = which;
  return key;
}

SearchKey containing(Kind kind, std::string_view text) {
  SearchKey key;
  key.kind = kind;
  key.text = text;
  return key;
}

SearchKey combined(Kind kind, std::vector<SearchKey> children) {
  SearchKey key;
  key.kind = kind;
  key.children = std::move(children);
  return key;
}

search::SearchEnvironment environment() {
  return {.now = {1'790'000'000, 0}, .ids = nullptr, .resolve = [](const SequenceSet& set, bool) {
            return set.resolve(kMessages);
          }};
}

void compile(benchmark::State& state) {
  const SearchKey key = combined(
      Kind::conjunction,
      {combined(Kind::negation, {flag(SystemFlag::deleted)}),
       combined(Kind::disjunction, {containing(Kind::from, "ann"), containing(Kind::to, "bob")}),
       containing(Kind::subject, kSearchSubject)});
  const auto around = environment();
  const store::MailboxPtr inbox = rig().inbox();
  for (auto _ : state)
    benchmark::DoNotOptimize(search::SearchProgram::compile(key, *inbox, around));
}
BENCHMARK(compile);

void search(benchmark::State& state, const SearchKey& key, bool use_filters = true) {
  auto around = environment();
  around.use_filters = use_filters;
  const auto program = *search::SearchProgram::compile(key, *rig().inbox(), around);
  for (auto _ : state) {
    search::WorkLimit limit;
    const store::FlagsView flags(*rig().inbox(), store::Actor::upkeep(), {});
    benchmark::DoNotOptimize(rig().run(
        search::search(rig().account(), rig().inbox(), flags, program, Uid(UINT32_MAX), limit)));
  }
  state.SetItemsProcessed(state.iterations() * kMessages);
}

void search_unseen(benchmark::State& state) {
  search(state, combined(Kind::negation, {flag(SystemFlag::seen)}));
}
void search_from(benchmark::State& state) { search(state, containing(Kind::from, kSearchFrom)); }
void search_subject(benchmark::State& state) {
  search(state, containing(Kind::subject, kSearchSubject));
}
void search_unseen_and_from(benchmark::State& state) {
  search(state, combined(Kind::conjunction, {combined(Kind::negation, {flag(SystemFlag::seen)}),
                                             containing(Kind::from, kSearchFrom)}));
}
void search_body(benchmark::State& state) { search(state, containing(Kind::body, kSearchBody)); }
/// The same by reading every message, and words that are in no message and in more than half.
void search_body_unfiltered(benchmark::State& state) {
  search(state, containing(Kind::body, kSearchBody), false);
}
void search_body_nowhere(benchmark::State& state) {
  search(state, containing(Kind::body, "xylophone"));
}
void search_body_frequent(benchmark::State& state) { search(state, containing(Kind::body, "for")); }
void search_body_frequent_unfiltered(benchmark::State& state) {
  search(state, containing(Kind::body, "for"), false);
}
void search_text_nowhere(benchmark::State& state) {
  search(state, containing(Kind::text, "xylophone"));
}
BENCHMARK(search_body_unfiltered)->UseRealTime();
BENCHMARK(search_body_nowhere)->UseRealTime();
BENCHMARK(search_body_frequent)->UseRealTime();
BENCHMARK(search_body_frequent_unfiltered)->UseRealTime();
BENCHMARK(search_text_nowhere)->UseRealTime();
BENCHMARK(search_unseen)->UseRealTime();
BENCHMARK(search_from)->UseRealTime();
BENCHMARK(search_subject)->UseRealTime();
BENCHMARK(search_unseen_and_from)->UseRealTime();
BENCHMARK(search_body)->UseRealTime();

std::vector<std::uint32_t> all_positions() {
  std::vector<std::uint32_t> positions(kMessages);
  for (std::uint32_t i = 0; i < kMessages; ++i) positions[i] = i;
  return positions;
}

void sort_by(benchmark::State& state, message::SortField field) {
  for (auto _ : state) {
    search::WorkLimit limit;
    const search::SortOrder order(std::vector<message::SortKey>{{field, false}});
    benchmark::DoNotOptimize(
        rig().run(search::sort(rig().account(), rig().inbox(), all_positions(), order, limit)));
  }
  state.SetItemsProcessed(state.iterations() * kMessages);
}

void sort_date(benchmark::State& state) { sort_by(state, message::SortField::date); }
void sort_subject(benchmark::State& state) { sort_by(state, message::SortField::subject); }
BENCHMARK(sort_date)->UseRealTime();
BENCHMARK(sort_subject)->UseRealTime();

void thread_references(benchmark::State& state) {
  for (auto _ : state) {
    search::WorkLimit limit;
    benchmark::DoNotOptimize(
        rig().run(search::thread(rig().account(), rig().inbox(), all_positions(),
                                 message::ThreadAlgorithm::references, limit)));
  }
  state.SetItemsProcessed(state.iterations() * kMessages);
}
BENCHMARK(thread_references)->UseRealTime();

}  // namespace
}  // namespace posthorn::bench
