#include "store/removed/removal_history.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "store/format/keys.h"
#include "store/format/paged_record.h"

namespace posthorn::store {
namespace {

using async::Task;

constexpr std::size_t kRowsAtOnce = 1000;
constexpr std::size_t kJournalsAtOnce = 500;

/// One reading of the history.
class Reading {
 public:
  Reading(engine::Engine& engine, const PartitionId& id, const RemovalQuery& query)
      : engine_(engine), id_(id), query_(query) {}

  Task<Status> run() {
    if (Status read = co_await read_log(); !read) co_return read;
    std::span<const Place> left = places_;
    while (!left.empty()) {
      const std::size_t n = std::min(left.size(), kJournalsAtOnce);
      if (Status read = co_await read_journals(left.first(n)); !read) co_return read;
      left = left.subspan(n);
      keep_newest(2 * query_.most);
    }
    keep_newest(query_.most);
    co_return Status();
  }
  [[nodiscard]] RemovalHistory take() && { return std::move(out_); }

 private:
  /// A journal that may tell of removals.
  struct Place {
    MailboxId mailbox;
    Seq seq;
    std::int64_t time = 0;
  };

  Task<Status> read_log() {
    std::string from = keys::log(Seq(query_.after.value + 1));
    const std::string end = keys::log(Seq(query_.last.value + 1));
    for (;;) {
      auto rows = co_await engine_.scan(id_, from, end, kRowsAtOnce);
      if (!rows) co_return pass(rows);
      for (const engine::Row& row : rows->rows) take_log(row);
      if (!rows->next_key) co_return Status();
      from = *rows->next_key;
    }
  }

  void take_log(const engine::Row& row) {
    const Seq seq(keys::last_number(row.key));
    auto log = decode_log(row.value);
    if (!log) return forget(seq);
    if (!out_.first_time) out_.first_time = log->time;
    times_.emplace_back(seq, log->time);
    for (LogRecord::Entry& entry : log->entries) {
      if (entry.was) out_.deleted.insert_or_assign(entry.mailbox, std::move(*entry.was));
      if (entry.journal) places_.push_back({entry.mailbox, seq, log->time});
    }
  }

  Task<Status> read_journals(std::span<const Place> places) {
    std::vector<std::string> keys;
    for (const Place& place : places) keys.push_back(keys::journal(place.mailbox, place.seq));
    auto rows = co_await engine_.get(id_, std::move(keys));
    if (!rows) co_return pass(rows);
    std::vector<std::string> values;
    for (auto& row : *rows)
      if (row) values.push_back(std::move(*row));
    const auto records = co_await read_records(engine_, id_, std::move(values));
    auto record = records.begin();
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!(*rows)[i]) {
        forget(places[i].seq);
        continue;
      }
      if (Status taken = take_journal(places[i], *record++); !taken) co_return taken;
    }
    co_return Status();
  }

  Status take_journal(const Place& place, const Result<std::string>& record) {
    auto journal =
        record ? decode_journal(*record) : Result<JournalRecord>(std::unexpected(record.error()));
    if (!journal) {
      const ErrorKind kind = journal.error().kind;
      if (kind != ErrorKind::corrupt && kind != ErrorKind::not_found) return pass(journal);
      forget(place.seq);
      return {};
    }
    if (place.seq <= out_.damaged) return {};
    if (place.seq > query_.mark) out_.after_mark += journal->expunged.size();
    for (StoredRow& row : journal->expunged)
      out_.rows.push_back({place.mailbox, place.seq, place.time, std::move(row)});
    return {};
  }

  /// This change and all before it cannot be numbered.
  void forget(Seq seq) {
    out_.damaged = std::max(out_.damaged, seq);
    out_.rows.clear();
    out_.after_mark = 0;
    const auto next =
        std::ranges::upper_bound(times_, seq, {}, [](const auto& time) { return time.first; });
    out_.first_time.reset();
    if (next != times_.end()) out_.first_time = next->second;
  }

  void keep_newest(std::size_t most) {
    if (out_.rows.size() <= most) return;
    const std::size_t kept = std::min(most, query_.most);
    out_.rows.erase(out_.rows.begin(), out_.rows.end() - static_cast<std::ptrdiff_t>(kept));
  }

  engine::Engine& engine_;
  const PartitionId id_;
  const RemovalQuery query_;
  std::vector<Place> places_;
  std::vector<std::pair<Seq, std::int64_t>> times_;  ///< Of all changes.
  RemovalHistory out_;
};

}  // namespace

Task<Result<RemovalHistory>> read_removal_history(engine::Engine& engine, PartitionId id,
                                                  RemovalQuery query) {
  Reading reading(engine, id, query);
  if (Status read = co_await reading.run(); !read) co_return pass(read);
  co_return std::move(reading).take();
}

}  // namespace posthorn::store
