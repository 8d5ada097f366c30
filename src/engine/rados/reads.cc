#include "engine/rados/reads.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace posthorn::engine::rados {
namespace {

/// Ceph gives at most this many rows of a range in one answer (osd_max_omap_entries_per_request).
constexpr std::size_t kRowsAtOnce = 1024;

std::unexpected<Error> failed(int code, std::string_view object) {
  return std::unexpected(error_of(code, fmt::format("reading '{}'", object)));
}

/// The error names the object, so that an operator can find it.
std::unexpected<Error> in_object(Error error, std::string_view object) {
  error.cause = fmt::format("Ceph: object '{}'", object);
  return std::unexpected(std::move(error));
}

Result<Header> header_in(const std::vector<Row>& rows, std::string_view object) {
  for (const Row& row : rows) {
    if (row.key != kHeaderRow) continue;
    auto header = Header::parse(row.value);
    if (!header) return in_object(std::move(header.error()), object);
    return header;
  }
  return Header{};
}

}  // namespace

async::Task<Result<Header>> read_header(Connection& connection, PartitionId partition) {
  const std::string object = partition_object(partition);
  ReadOp op;
  op.rows({std::string(kHeaderRow)});
  const Answer answer = co_await connection.read(Pool::rows, object, op);
  if (answer.code == -ENOENT) co_return Header{};
  if (answer.code < 0) co_return failed(answer.code, object);
  co_return header_in(op.take_rows(), object);
}

async::Task<Result<Values>> read_rows(Connection& connection, PartitionId partition,
                                      std::vector<std::string> keys) {
  Values values(keys.size());
  const std::string object = partition_object(partition);
  for (std::size_t from = 0; from < keys.size(); from += kRowsAtOnce) {
    const std::size_t to = std::min(keys.size(), from + kRowsAtOnce);
    std::vector<std::string> names;
    for (std::size_t i = from; i < to; ++i) names.push_back(row_name(keys[i]));
    ReadOp op;
    op.rows(names);
    const Answer answer = co_await connection.read(Pool::rows, object, op);
    if (answer.code == -ENOENT) continue;
    if (answer.code < 0) co_return failed(answer.code, object);
    const std::vector<Row> rows = op.take_rows();  // In the order of their names.
    for (std::size_t i = from; i < to; ++i) {
      const auto row = std::ranges::lower_bound(rows, names[i - from], {}, &Row::key);
      if (row != rows.end() && row->key == names[i - from]) values[i] = row->value;
    }
  }
  co_return values;
}

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

namespace {

/// One attempt: none if the partition was changed between two operations.
async::Task<Result<std::optional<RangeRead>>> try_range(Connection& connection, std::string object,
                                                        std::string_view first,
                                                        std::string_view last, std::size_t limit) {
  RangeRead result;
  const std::string prefix = row_name(common_prefix(first, last));
  // The rows above this; for a row "" of its own, what is before all rows.
  std::string after = first.empty() ? std::string("q") : row_name(first);
  const std::string end = row_name(last);
  for (bool begun = false;; begun = true) {
    ReadOp op;
    std::vector<std::string> names{std::string(kHeaderRow)};
    if (!begun && !first.empty()) names.push_back(after);
    op.rows(names);
    op.range(after, prefix, std::min(limit + 1 - result.rows.rows.size(), kRowsAtOnce));
    const Answer answer = co_await connection.read(Pool::rows, object, op);
    if (answer.code == -ENOENT) co_return std::optional(std::move(result));
    if (answer.code < 0) co_return failed(answer.code, object);
    std::vector<Row> found = op.take_rows();
    auto header = header_in(found, object);
    if (!header) co_return pass(header);
    if (begun && header->version != result.header.version) co_return std::nullopt;
    result.header = std::move(*header);
    std::erase_if(found, [](const Row& row) { return row.key == kHeaderRow; });
    std::ranges::move(op.take_range(), std::back_inserter(found));
    bool ended = !op.has_more();
    if (!found.empty()) after = found.back().key;
    for (Row& row : found) {
      if (!last.empty() && row.key >= end) {
        ended = true;
        break;
      }
      auto key = key_of_row(row.key);
      if (!key)
        co_return in_object({ErrorKind::corrupt, "the key of a row is damaged in the Ceph pool"},
                            object);
      if (result.rows.rows.size() == limit) {
        result.rows.next_key = std::move(*key);
        ended = true;
        break;
      }
      result.rows.rows.push_back({std::move(*key), std::move(row.value)});
    }
    if (!ended) continue;
    result.rows.version = result.header.version;
    co_return std::optional(std::move(result));
  }
}

}  // namespace

async::Task<Result<RangeRead>> read_range(Connection& connection, PartitionId partition,
                                          std::string first, std::string last, std::size_t limit) {
  constexpr int kAttempts = 50;
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
  for (int i = 0; i < kAttempts; ++i) {
    auto read = co_await try_range(connection, partition_object(partition), first, last, limit);
    if (!read) co_return pass(read);
    if (*read) co_return std::move(**read);
  }
  co_return fail(ErrorKind::unavailable, "it is changed faster than it can be read");
}

async::Task<Result<std::vector<Row>>> list_rows(Connection& connection, std::string object,
                                                std::string after, std::string prefix,
                                                std::size_t limit) {
  std::vector<Row> rows;
  for (bool more = true; more && rows.size() < limit;) {
    ReadOp op;
    op.range(after, prefix, std::min(limit - rows.size(), kRowsAtOnce));
    const Answer answer = co_await connection.read(Pool::rows, object, op);
    if (answer.code == -ENOENT) break;
    if (answer.code < 0) co_return failed(answer.code, object);
    std::vector<Row> found = op.take_range();
    more = op.has_more() && !found.empty();
    if (more) after = found.back().key;
    std::ranges::move(found, std::back_inserter(rows));
  }
  co_return rows;
}

async::Task<Result<std::vector<PageNumber>>> list_pages(Connection& connection,
                                                        PartitionId partition, PageNumber after,
                                                        std::size_t limit) {
  const std::string object = partition_object(partition);
  const auto rows =
      co_await list_rows(connection, object, page_row(after), std::string(kPagePrefix), limit);
  if (!rows) co_return std::unexpected(rows.error());
  std::vector<PageNumber> numbers;
  for (const Row& row : *rows) {
    const auto number = page_of_row(row.key);
    if (!number)
      co_return in_object({ErrorKind::corrupt, "the number of a page is damaged in the Ceph pool"},
                          object);
    numbers.push_back(*number);
  }
  co_return numbers;
}

}  // namespace posthorn::engine::rados
