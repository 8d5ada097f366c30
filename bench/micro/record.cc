#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "load/message.h"
#include "store/format/record.h"

// What every piece goes through on its way to disk and back.
namespace posthorn::bench {
namespace {

/// Mail of about this many octets.
std::string payload(Shape shape, std::int64_t octets) {
  const MessageMaker maker(1, shape);
  std::string out;
  for (std::uint64_t i = 0; out.size() < static_cast<std::size_t>(octets); ++i)
    out += maker.message(i);
  out.resize(static_cast<std::size_t>(octets));
  return out;
}

void count(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void seal(benchmark::State& state, Shape shape) {
  const std::string bytes = payload(shape, state.range(0));
  std::size_t sealed = 0;
  for (auto _ : state) {
    const std::string record = store::seal_page(bytes);
    sealed = record.size();
    benchmark::DoNotOptimize(record.data());
  }
  state.counters["ratio"] = static_cast<double>(sealed) / static_cast<double>(bytes.size());
  count(state);
}

void unseal(benchmark::State& state, Shape shape) {
  const std::string record = store::seal_page(payload(shape, state.range(0)));
  for (auto _ : state) {
    auto bytes = store::unseal_page(record);
    if (!bytes) std::abort();
    benchmark::DoNotOptimize(bytes->data());
  }
  count(state);
}

void seal_text(benchmark::State& state) { seal(state, Shape::text); }
void seal_dense(benchmark::State& state) { seal(state, Shape::dense); }
void unseal_text(benchmark::State& state) { unseal(state, Shape::text); }
void unseal_dense(benchmark::State& state) { unseal(state, Shape::dense); }
BENCHMARK(seal_text)->Arg(8 << 10)->Arg(256 << 10);
BENCHMARK(seal_dense)->Arg(256 << 10);
BENCHMARK(unseal_text)->Arg(8 << 10)->Arg(256 << 10);
BENCHMARK(unseal_dense)->Arg(256 << 10);

void piece_name(benchmark::State& state) {
  const std::string bytes = payload(Shape::dense, state.range(0));
  const std::string key(32, 'k');
  for (auto _ : state) benchmark::DoNotOptimize(store::keyed_hash(key, bytes));
  count(state);
}
BENCHMARK(piece_name)->Arg(8 << 10)->Arg(256 << 10);

}  // namespace
}  // namespace posthorn::bench
