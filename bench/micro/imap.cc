#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "load/message.h"
#include "message/digest/digest.h"
#include "message/mime/analyzer.h"
#include "message/mime/structure_view.h"
#include "wire/imap/command/command.h"
#include "wire/imap/receiver.h"
#include "wire/imap/response/format_fetch.h"
#include "wire/imap/response/writer.h"

// Commands read and responses written, without a socket.
namespace posthorn::bench {
namespace {

namespace wi = wire::imap;

void parse(benchmark::State& state, std::string_view text) {
  for (auto _ : state) {
    auto command = wi::parse_command(text);
    if (!command) std::abort();
    benchmark::DoNotOptimize(command);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void command_noop(benchmark::State& state) { parse(state, "a1 NOOP"); }
void command_fetch(benchmark::State& state) {
  parse(state,
        "a1 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE "
        "BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE MESSAGE-ID REFERENCES)])");
}
void command_search(benchmark::State& state) {
  parse(state,
        "a1 UID SEARCH CHARSET UTF-8 OR (UNSEEN FROM \"ann\") (NOT DELETED SINCE 1-Feb-2024 "
        "SUBJECT {9}\r\nquarterly) 1:500,700:*");
}
void command_store(benchmark::State& state) {
  parse(state, "a1 UID STORE 17,19,23:42 +FLAGS.SILENT (\\Seen $Forwarded)");
}
BENCHMARK(command_noop);
BENCHMARK(command_fetch);
BENCHMARK(command_search);
BENCHMARK(command_store);

/// A set as clients make it of scattered messages.
void command_long_set(benchmark::State& state) {
  std::string text = "a1 UID FETCH 1";
  for (std::int64_t i = 1; i < state.range(0); ++i) text += "," + std::to_string(1 + 3 * i);
  parse(state, text + " (FLAGS)");
}
BENCHMARK(command_long_set)->Arg(1000);

/// A client that sends everything at once: cut into commands.
void receiver_pipelined(benchmark::State& state) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "a" + std::to_string(i) + " UID FETCH 17 (FLAGS)\r\n";
  for (auto _ : state) {
    wi::Receiver receiver;
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto event = receiver.next(rest);
      if (event.kind != wi::ReceiverEvent::Kind::command) std::abort();
      rest.remove_prefix(event.consumed);
    }
  }
  state.SetItemsProcessed(state.iterations() * 100);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(receiver_pipelined);

constexpr std::uint32_t kRows = 1000;

/// Reports rows and octets a second of a response that `write` makes anew each time.
template <class Write>
void respond(benchmark::State& state, Write&& write) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    wi::Writer writer(out);
    for (std::uint32_t i = 1; i <= kRows; ++i) {
      wi::FetchWriter fetch(writer);
      fetch.begin(Seqnum(i));
      write(fetch, i);
      fetch.end();
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}

void response_flags(benchmark::State& state) {
  const std::array<std::string, 1> keyword{"$Forwarded"};
  respond(state, [&](wi::FetchWriter& fetch, std::uint32_t i) {
    const std::span<const std::string> keywords(keyword.data(), i % 8 == 0 ? 1 : 0);
    fetch.flags(static_cast<SystemFlags>(i & 3U), wi::Recent::no, keywords);
  });
}
BENCHMARK(response_flags);

void response_list(benchmark::State& state) {
  std::vector<std::string> structures;
  const MessageMaker maker(1);
  for (std::uint64_t i = 0; i < 64; ++i) {
    message::Analyzer analyzer;
    analyzer.feed(maker.message(i));
    structures.push_back(message::make_digest(analyzer.finish()).structure);
  }
  respond(state, [&](wi::FetchWriter& fetch, std::uint32_t i) {
    const message::StructureView structure(structures[i % structures.size()]);
    fetch.uid(Uid(i));
    fetch.flags(bit(SystemFlag::seen), wi::Recent::no, std::span<const std::string>());
    fetch.internal_date({MessageMaker::date(i), 60});
    fetch.rfc822_size(8000 + i);
    fetch.envelope(structure.envelope(message::StringForm::ascii));
  });
}
BENCHMARK(response_list);

}  // namespace
}  // namespace posthorn::bench
