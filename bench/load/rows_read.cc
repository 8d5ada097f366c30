#include <fmt/format.h>

#include <algorithm>

#include "load/answer_reader.h"
#include "load/message.h"
#include "load/rows.h"

namespace posthorn::bench {
namespace {

/// What the answer to a command held. Both servers must come to the same.
struct Seen {
  std::uint64_t fetches = 0;
  std::uint64_t numbers = 0;  ///< In SEARCH, SORT and THREAD.
  std::uint64_t octets = 0;
  void look(std::string_view response) {
    octets += response.size() + 2;
    if (is_fetch(response))
      ++fetches;
    else if (response.starts_with("* SEARCH") || response.starts_with("* SORT") ||
             response.starts_with("* THREAD"))
      count_numbers(response);
  }
  void count_numbers(std::string_view response) {
    bool inside = false;
    for (const char c : response) {
      const bool digit = c >= '0' && c <= '9';
      if (digit && !inside) ++numbers;
      inside = digit;
    }
  }
  [[nodiscard]] std::uint64_t total() const { return fetches + numbers; }
};

async::Task<Result<double>> timed(AnswerReader& reader, const std::string& command, Seen& seen) {
  const Stopwatch watch;
  Status done =
      co_await reader.command(command, [&seen](std::string_view response) { seen.look(response); });
  if (!done) co_return pass(done);
  co_return watch.milliseconds();
}

constexpr std::uint64_t kMostRepeats = 50;
constexpr double kWorthCounting = 300;  // Milliseconds.

/// One command over the large mailbox: once to warm up, then `repeat` times or more.
async::Task<Result<Row>> read(const Target& target, const Plan& plan, std::string command) {
  auto session = co_await sign_in(target, kBigUser);
  if (!session) co_return pass(session);
  auto selected = co_await must(**session, "SELECT INBOX");
  if (!selected) co_return pass(selected);
  AnswerReader reader((*session)->stream());
  Row row;
  row.unit = "ms";
  Seen warm;
  auto first = co_await timed(reader, command, warm);
  if (!first) co_return pass(first);
  row.first_ms = *first;
  row.checked = warm.total();
  row.octets = warm.octets;
  const Stopwatch whole;
  const Meter meter(target.server_pid);
  for (std::uint64_t i = 0; i < plan.repeat * kMostRepeats; ++i) {
    // Quick commands are done more often: the kernel counts processor time in steps of 10 ms.
    const double spent_ms = whole.milliseconds();
    if (i >= plan.repeat && spent_ms > kWorthCounting) break;
    if (i > 0 && spent_ms > plan.seconds * 1e3) break;
    Seen seen;
    auto spent = co_await timed(reader, command, seen);
    if (!spent) co_return pass(spent);
    if (seen.total() != row.checked)
      co_return fail(ErrorKind::io, command + ": the answers differ");
    row.samples.add(*spent);
  }
  row.cost = meter.stop();
  row.operations = row.samples.size();
  row.value = row.samples.quantile(0.5);
  (void)co_await (*session)->logout();
  co_return row;
}

async::Task<Result<Row>> select(const Target& target, const Plan& plan) {
  auto session = co_await sign_in(target, kBigUser);
  if (!session) co_return pass(session);
  Row row;
  row.unit = "ms";
  const Meter meter(target.server_pid);
  for (std::uint64_t i = 0; i < plan.repeat * kMostRepeats; ++i) {
    const Stopwatch watch;
    auto selected = co_await must(**session, "SELECT INBOX");
    if (!selected) co_return pass(selected);
    if (i == 0)
      row.first_ms = watch.milliseconds();
    else
      row.samples.add(watch.milliseconds());
    row.checked = exists_of(*selected);
    auto left = co_await must(**session, "UNSELECT");  // RFC 3691.
    if (!left) co_return pass(left);
  }
  row.cost = meter.stop();
  row.operations = plan.repeat * kMostRepeats;
  row.value = row.samples.quantile(0.5);
  (void)co_await (*session)->logout();
  co_return row;
}

async::Task<Result<Row>> fetch_flags(const Target& t, const Plan& p) {
  return read(t, p, "FETCH 1:* (FLAGS)");
}
async::Task<Result<Row>> fetch_envelope(const Target& t, const Plan& p) {
  return read(t, p, "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)");
}
async::Task<Result<Row>> fetch_bodystructure(const Target& t, const Plan& p) {
  return read(t, p, "FETCH 1:* (BODYSTRUCTURE)");
}
async::Task<Result<Row>> fetch_headers(const Target& t, const Plan& p) {
  return read(t, p,
              "FETCH 1:* (BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE MESSAGE-ID REFERENCES)])");
}
async::Task<Result<Row>> search_unseen(const Target& t, const Plan& p) {
  return read(t, p, "SEARCH UNSEEN");
}
async::Task<Result<Row>> search_from(const Target& t, const Plan& p) {
  return read(t, p, fmt::format("SEARCH FROM {}", kSearchFrom));
}
async::Task<Result<Row>> search_subject(const Target& t, const Plan& p) {
  return read(t, p, fmt::format("SEARCH SUBJECT {}", kSearchSubject));
}
async::Task<Result<Row>> search_body(const Target& t, const Plan& p) {
  return read(t, p, fmt::format("SEARCH BODY {}", kSearchBody));
}
async::Task<Result<Row>> sort_date(const Target& t, const Plan& p) {
  return read(t, p, "SORT (DATE) UTF-8 ALL");
}
async::Task<Result<Row>> sort_subject(const Target& t, const Plan& p) {
  return read(t, p, "SORT (SUBJECT) UTF-8 ALL");
}
async::Task<Result<Row>> thread(const Target& t, const Plan& p) {
  return read(t, p, "THREAD REFERENCES UTF-8 ALL");
}

constexpr RowEntry kRows[] = {
    {"select", select, "SELECT of the large mailbox"},
    {"fetch-flags", fetch_flags, "FETCH 1:* FLAGS"},
    {"fetch-envelope", fetch_envelope, "what a client lists a mailbox with"},
    {"fetch-bodystructure", fetch_bodystructure, "FETCH 1:* BODYSTRUCTURE"},
    {"fetch-headers", fetch_headers, "six header fields of all"},
    {"search-unseen", search_unseen, "SEARCH UNSEEN"},
    {"search-from", search_from, "SEARCH FROM"},
    {"search-subject", search_subject, "SEARCH SUBJECT"},
    {"search-body", search_body, "SEARCH BODY of a rare word"},
    {"sort-date", sort_date, "SORT by date"},
    {"sort-subject", sort_subject, "SORT by subject"},
    {"thread", thread, "THREAD REFERENCES"},
};

}  // namespace

std::span<const RowEntry> read_rows() { return kRows; }

}  // namespace posthorn::bench
