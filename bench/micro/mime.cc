#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include "load/message.h"
#include "message/digest/digest.h"
#include "message/digest/keys_view.h"
#include "message/mime/analyzer.h"
#include "message/mime/structure_view.h"

// The MIME parser in octets a second over several shapes of mail, and the digests made of what it
// finds.
namespace posthorn::bench {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kMessages = 64;

std::vector<std::string> mail(Shape shape) {
  const MessageMaker maker(kSeed, shape);
  std::vector<std::string> messages;
  for (std::uint64_t i = 0; i < kMessages; ++i) messages.push_back(maker.message(i));
  return messages;
}

/// A multipart in a multipart, and so on: the parser's stack and boundaries.
std::vector<std::string> nested_mail() {
  constexpr int kDepth = 40;
  std::string message = "From: a@example.org\r\nSubject: nested\r\nMIME-Version: 1.0\r\n";
  for (int i = 0; i < kDepth; ++i) {
    const std::string boundary = "level" + std::to_string(i);
    message += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary +
               "\r\nContent-Type: text/plain\r\n\r\nA few words.\r\n--" + boundary + "\r\n";
  }
  message += "Content-Type: text/plain\r\n\r\nThe innermost.\r\n";
  for (int i = kDepth; i-- > 0;) message += "--level" + std::to_string(i) + "--\r\n";
  return {message};
}

/// Many lines that could be boundaries and are not.
std::vector<std::string> dashed_mail() {
  std::string message =
      "From: a@example.org\r\nContent-Type: multipart/mixed; boundary=xyz\r\n\r\n--xyz\r\n\r\n";
  for (int i = 0; i < 2000; ++i) message += "-- \r\n--xy almost\r\n";
  return {message + "--xyz--\r\n"};
}

void parse(benchmark::State& state, const std::vector<std::string>& messages) {
  std::int64_t octets = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    const std::string& message = messages[next++ % messages.size()];
    message::Analyzer analyzer;
    analyzer.feed(message);
    benchmark::DoNotOptimize(analyzer.finish());
    octets += static_cast<std::int64_t>(message.size());
  }
  state.SetBytesProcessed(octets);
}

void mime_text(benchmark::State& state) { parse(state, mail(Shape::text)); }
void mime_mixed(benchmark::State& state) { parse(state, mail(Shape::mixed)); }
void mime_dense(benchmark::State& state) { parse(state, mail(Shape::dense)); }
void mime_nested(benchmark::State& state) { parse(state, nested_mail()); }
void mime_dashed(benchmark::State& state) { parse(state, dashed_mail()); }
BENCHMARK(mime_text);
BENCHMARK(mime_mixed);
BENCHMARK(mime_dense);
BENCHMARK(mime_nested);
BENCHMARK(mime_dashed);

/// As octets come from a socket: in spans of this size.
void mime_in_spans(benchmark::State& state) {
  const auto messages = mail(Shape::mixed);
  const auto span = static_cast<std::size_t>(state.range(0));
  std::int64_t octets = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    const std::string_view message = messages[next++ % messages.size()];
    message::Analyzer analyzer;
    for (std::size_t at = 0; at < message.size(); at += span)
      analyzer.feed(message.substr(at, span));
    benchmark::DoNotOptimize(analyzer.finish());
    octets += static_cast<std::int64_t>(message.size());
  }
  state.SetBytesProcessed(octets);
}
BENCHMARK(mime_in_spans)->Arg(64)->Arg(1460);

std::vector<message::Analysis> analysed() {
  std::vector<message::Analysis> out;
  for (const std::string& message : mail(Shape::mixed)) {
    message::Analyzer analyzer;
    analyzer.feed(message);
    out.push_back(analyzer.finish());
  }
  return out;
}

void digest_encode(benchmark::State& state) {
  const auto analyses = analysed();
  std::size_t next = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(message::make_digest(analyses[next++ % analyses.size()]));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(digest_encode);

/// What FETCH and SORT read of one.
void digest_decode(benchmark::State& state) {
  std::vector<message::Digest> digests;
  for (const auto& analysis : analysed()) digests.push_back(message::make_digest(analysis));
  std::size_t next = 0;
  for (auto _ : state) {
    const message::Digest& digest = digests[next++ % digests.size()];
    const message::KeysView keys(digest.keys);
    benchmark::DoNotOptimize(keys.sent());
    benchmark::DoNotOptimize(keys.base_subject().data());
    for (const std::string_view id : keys.references()) benchmark::DoNotOptimize(id.data());
    const message::StructureView structure(digest.structure);
    benchmark::DoNotOptimize(structure.envelope(message::StringForm::ascii).data());
    benchmark::DoNotOptimize(structure.part(0));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(digest_decode);

}  // namespace
}  // namespace posthorn::bench
