#include "engine/rados/reads.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace posthorn::engine::rados {
namespace {

std::unexpected<Error> failed(int code, std::string_view object) {
  return std::unexpected(error_of(code, fmt::format("reading '{}'", object)));
}

}  // namespace

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
