#include "store/read/removed.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "store/format/keys.h"
#include "store/format/paged_record.h"
#include "store/read/load.h"

namespace posthorn::store {
namespace {

/// A journal record of interest.
struct Place {
  MailboxId mailbox;
  Seq seq;
  std::int64_t time = 0;
};

/// Reads the log from the beginning: it has one small row for each change.
async::Task<Result<std::vector<Place>>> read_log(engine::Engine& engine, PartitionId id,
                                                 std::int64_t since, Removals& out) {
  std::vector<Place> places;
  Status read = co_await for_each_row(
      engine, id, std::string(keys::kLogs), [&](const engine::Row& row) -> Status {
        auto log = decode_log(row.value);
        if (!log) return pass(log);
        if (log->time < since) return {};
        for (LogRecord::Entry& entry : log->entries) {
          if (entry.was) out.mailboxes.insert_or_assign(entry.mailbox, std::move(*entry.was));
          if (entry.journal)
            places.push_back({entry.mailbox, Seq(keys::last_number(row.key)), log->time});
        }
        return {};
      });
  if (!read) co_return pass(read);
  co_return places;
}

}  // namespace

async::Task<Result<Seq>> read_content_horizon(engine::Engine& engine, PartitionId id) {
  auto row = co_await engine.get_row(id, keys::content_horizon());
  if (!row) co_return pass(row);
  co_return Seq(*row ? ByteReader(**row).u64() : 0);
}

async::Task<Result<Removals>> read_removals(engine::Engine& engine, PartitionId id,
                                            std::int64_t since) {
  constexpr std::size_t kAtOnce = 500;
  Removals out;
  auto horizon = co_await read_content_horizon(engine, id);
  if (!horizon) co_return pass(horizon);
  out.content_horizon = *horizon;
  auto places = co_await read_log(engine, id, since, out);
  if (!places) co_return pass(places);
  std::unordered_map<Ordinal, std::size_t> last;  // Of each message: its place in `messages`.
  for (std::size_t first = 0; first < places->size(); first += kAtOnce) {
    const std::size_t end = std::min(places->size(), first + kAtOnce);
    std::vector<std::string> keys;
    for (std::size_t i = first; i < end; ++i)
      keys.push_back(keys::journal((*places)[i].mailbox, (*places)[i].seq));
    auto rows = co_await engine.get(id, std::move(keys));
    if (!rows) co_return pass(rows);
    std::vector<std::string> values;
    std::vector<std::size_t> present;
    for (std::size_t i = first; i < end; ++i) {
      auto& value = (*rows)[i - first];
      if (!value) continue;  // Older than the horizon.
      values.push_back(std::move(*value));
      present.push_back(i);
    }
    const auto records = co_await read_records(engine, id, std::move(values));
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (!records[i]) co_return std::unexpected(records[i].error());
      auto journal = decode_journal(*records[i]);
      if (!journal) co_return pass(journal);
      const Place& place = (*places)[present[i]];
      for (StoredRow& row : journal->expunged) {
        const auto [it, fresh] = last.try_emplace(row.member.ordinal, out.messages.size());
        Removal removal{place.mailbox, place.time, std::move(row)};
        if (fresh) {
          out.messages.push_back(std::move(removal));
        } else {
          out.messages[it->second] = std::move(removal);
        }
      }
      if (out.messages.size() > kMaxRemovals)
        co_return fail(ErrorKind::limit,
                       "Too many messages were removed since then; give a later time");
    }
  }
  std::ranges::sort(out.messages, {}, [](const Removal& removal) {
    return std::tuple(removal.time, removal.mailbox, removal.row.member.uid);
  });
  co_return out;
}

}  // namespace posthorn::store
