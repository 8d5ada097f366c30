#include "engine/rados/range.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "engine/rados/reads.h"

namespace posthorn::engine::rados {
namespace {

/// What one operation found.
struct Found {
  Header header;
  std::vector<Row> rows;  ///< By the names of the rows, ascending.
  bool more = false;      ///< The range goes on after them.
  /// Some of the ranges had more rows than Ceph gives, so that rows in between are missing.
  bool torn = false;
};

/// One reading of a range, in as many attempts as it takes.
class RangeReader {
 public:
  RangeReader(Connection& connection, PartitionId partition, std::string_view first,
              std::string_view last, std::size_t limit)
      : connection_(connection),
        object_(partition_object(partition)),
        first_(first.empty() ? "" : row_name(first)),
        // The name above which the rows begin: for the row "", what is before all rows.
        above_(first.empty() ? "q" : first_),
        end_(last.empty() ? "" : row_name(last)),
        prefix_(row_name(common_prefix(first, last))),
        limit_(limit) {}

  async::Task<Result<RangeRead>> run() {
    constexpr int kAttempts = 20;
    for (int i = 0; i < kAttempts; ++i) {
      auto walked = co_await walk();
      if (!walked) co_return pass(walked);
      if (*walked) co_return finish(std::move(**walked));
      auto found = co_await read_ranges(marks_, kRowsAtOnce);
      if (!found) co_return pass(found);
      if (!found->torn && is_whole(*found)) co_return finish(std::move(*found));
    }
    co_return fail(ErrorKind::unavailable, "rows come faster than they can be read",
                   fmt::format("Ceph: object '{}'", object_));
  }

 private:
  /// Reads one answer after another to the end of the range. Returns all of it if the header did
  /// not move; otherwise nothing, and marks_ divide the range.
  async::Task<Result<std::optional<Found>>> walk() {
    Found all;
    bool moved = false;
    std::string above = above_;
    marks_ = {above};
    for (bool begun = false;; begun = true) {
      const std::size_t most = std::min(limit_ + 1 - all.rows.size(), kRowsAtOnce);
      auto found = co_await read_ranges({above}, most);
      if (!found) co_return pass(found);
      if (begun && found->header.version != all.header.version) moved = true;
      all.header = std::move(found->header);
      all.more = found->more;
      if (found->rows.empty()) break;
      above = found->rows.back().key;
      add_marks(found->rows, found->more && found->rows.size() < most);
      std::ranges::move(found->rows, std::back_inserter(all.rows));
      if (is_whole(all)) break;
    }
    if (moved) co_return std::nullopt;
    co_return std::optional(std::move(all));
  }

  /// Divides what was found into ranges that leave room for rows that come until they are read.
  /// `gave_fewer`: the cluster gives no more rows at once than these.
  void add_marks(const std::vector<Row>& rows, bool gave_fewer) {
    const std::size_t step = std::max<std::size_t>((gave_fewer ? rows.size() : kRowsAtOnce) / 2, 1);
    for (std::size_t i = step - 1; i < rows.size(); i += step) marks_.push_back(rows[i].key);
  }

  /// Reads, in one operation, the rows above each of these names up to the next one, and above the
  /// last one; at most `most` of each range.
  async::Task<Result<Found>> read_ranges(std::vector<std::string> starts, std::size_t most) {
    ReadOp op;
    std::vector<std::string> names{std::string(kHeaderRow)};
    const bool with_first = starts.front() == first_;
    if (with_first) names.push_back(first_);
    op.rows(names);
    for (const std::string& start : starts) op.range(start, prefix_, most);
    const Answer answer = co_await connection_.read(Pool::rows, object_, op);
    Found found;
    if (answer.code == -ENOENT) co_return found;
    if (answer.code < 0)
      co_return std::unexpected(error_of(answer.code, fmt::format("reading '{}'", object_)));
    std::vector<Row> named = op.take_rows();
    auto header = header_in(named, object_);
    if (!header) co_return pass(header);
    found.header = std::move(*header);
    for (Row& row : named)
      if (row.key != kHeaderRow) found.rows.push_back(std::move(row));
    for (std::size_t i = 0; i < starts.size(); ++i) {
      std::vector<Row> rows = op.take_range(i);
      const bool is_last = i + 1 == starts.size();
      if (is_last) {
        found.more = op.has_more(i) && !rows.empty();
      } else {
        found.torn |= op.has_more(i) && (rows.empty() || rows.back().key < starts[i + 1]);
        std::erase_if(rows, [&](const Row& row) { return row.key > starts[i + 1]; });
      }
      std::ranges::move(rows, std::back_inserter(found.rows));
    }
    co_return found;
  }

  /// Whether what was found reaches the end of the range, or has one row more than are wanted.
  [[nodiscard]] bool is_whole(const Found& found) const {
    if (!found.more || found.rows.size() > limit_) return true;
    return !end_.empty() && !found.rows.empty() && found.rows.back().key >= end_;
  }

  Result<RangeRead> finish(Found found) const {
    RangeRead result;
    result.rows.version = found.header.version;
    result.header = std::move(found.header);
    for (Row& row : found.rows) {
      if (!end_.empty() && row.key >= end_) break;
      auto key = key_of_row(row.key);
      if (!key)
        return in_object({ErrorKind::corrupt, "the key of a row is damaged in the Ceph pool"},
                         object_);
      if (result.rows.rows.size() == limit_) {
        result.rows.next_key = std::move(*key);
        break;
      }
      result.rows.rows.push_back({std::move(*key), std::move(row.value)});
    }
    return result;
  }

  Connection& connection_;
  const std::string object_;
  const std::string first_;  ///< The name of the first row; empty for the row "".
  const std::string above_;
  const std::string end_;  ///< The name of the row after the last; empty for the end.
  const std::string prefix_;
  const std::size_t limit_;
  std::vector<std::string> marks_;  ///< Names that divide the range, ascending.
};

}  // namespace

std::string common_prefix(std::string_view first, std::string_view last) {
  if (last.empty()) return {};
  const auto differ = std::ranges::mismatch(first, last);
  std::string prefix(first.begin(), differ.in1);
  // A range up to the key after all that begin with one prefix, such as from "n" to "o".
  const std::size_t at = prefix.size();
  if (at + 1 == last.size() && at < first.size() &&
      static_cast<std::uint8_t>(first[at]) + 1 == static_cast<std::uint8_t>(last[at]))
    prefix.push_back(first[at]);
  return prefix;
}

async::Task<Result<RangeRead>> read_range(Connection& connection, PartitionId partition,
                                          std::string first, std::string last, std::size_t limit) {
  limit = std::min<std::size_t>(limit, 1U << 30U);
  if (!last.empty() && first >= last) {
    // Nothing can be in it, but the version is asked for.
    auto header = co_await read_header(connection, partition);
    if (!header) co_return pass(header);
    RangeRead empty;
    empty.rows.version = header->version;
    empty.header = std::move(*header);
    co_return empty;
  }
  RangeReader reader(connection, partition, first, last, limit);
  co_return co_await reader.run();
}

}  // namespace posthorn::engine::rados
