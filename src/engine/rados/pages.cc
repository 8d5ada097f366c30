#include "engine/rados/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "engine/limits.h"
#include "engine/rados/together.h"

namespace posthorn::engine::rados {

async::Task<Result<std::string>> read_blob(Connection& connection, Pool pool, std::string object,
                                           const char* missing) {
  constexpr std::size_t kFirst = 128UL * 1024;
  constexpr std::size_t kNext = 8UL << 20;
  std::string bytes;
  std::uint64_t size = 0;
  {
    ReadOp op;
    op.stat();
    op.bytes(0, kFirst);
    const Answer answer = co_await connection.read(pool, object, op);
    if (answer.code == -ENOENT) co_return fail(ErrorKind::not_found, missing);
    if (answer.code < 0)
      co_return std::unexpected(error_of(answer.code, fmt::format("reading '{}'", object)));
    size = op.size();
    bytes = op.take_bytes();
  }
  if (size > kMaxBlob)
    co_return fail(ErrorKind::corrupt, "a page or piece is larger than possible",
                   fmt::format("Ceph: object '{}'", object));
  while (bytes.size() < size) {
    ReadOp op;
    op.bytes(bytes.size(), std::min<std::size_t>(kNext, size - bytes.size()));
    const Answer answer = co_await connection.read(pool, object, op);
    if (answer.code == -ENOENT) co_return fail(ErrorKind::not_found, missing);
    if (answer.code < 0)
      co_return std::unexpected(error_of(answer.code, fmt::format("reading '{}'", object)));
    const std::string next = op.take_bytes();
    if (next.empty())
      co_return fail(ErrorKind::io, "a page or piece became shorter while it was read",
                     fmt::format("Ceph: object '{}'", object));
    bytes += next;
  }
  co_return bytes;
}

async::Task<Result<std::string>> read_page(Connection& connection, PartitionId partition,
                                           PageNumber number) {
  const std::string object = page_object(partition, number);
  auto small = co_await read_blob(connection, Pool::rows, object, "no such page");
  if (small || small.error().kind != ErrorKind::not_found) co_return small;
  co_return co_await read_blob(connection, Pool::blobs, object, "no such page");
}

namespace {

async::Task<Status> run(Connection& connection, Pool pool, std::string object, WriteOp op,
                        Room room = Room::ask) {
  const Answer answer = co_await connection.write(pool, object, std::move(op), room);
  if (answer.code < 0 && answer.code != -ENOENT)
    co_return std::unexpected(error_of(answer.code, fmt::format("writing '{}'", object)));
  co_return Status();
}

}  // namespace

async::Task<Status> write_pages(Connection& connection, PartitionId partition,
                                std::span<const PageWrite> pages, Room room) {
  std::vector<async::Task<Status>> writes;
  std::vector<Row> listed;
  for (const PageWrite& page : pages) {
    listed.push_back({page_row(page.number), {}});
    WriteOp op;
    op.write_full(page.bytes);
    writes.push_back(run(connection, page.bytes.size() < kLargePage ? Pool::rows : Pool::blobs,
                         page_object(partition, page.number), std::move(op), room));
  }
  WriteOp list;
  list.set_rows(listed);
  writes.push_back(run(connection, Pool::rows, partition_object(partition), std::move(list), room));
  co_return co_await all_of(std::move(writes));
}

namespace {

async::Task<Status> remove_page(Connection& connection, PartitionId partition, PageNumber number) {
  Status removed;
  // Its size, which would tell the pool, is not known.
  for (const Pool pool : {Pool::rows, Pool::blobs}) {
    WriteOp op;
    op.remove();
    Status here = co_await run(connection, pool, page_object(partition, number), std::move(op));
    if (!here) removed = std::move(here);
  }
  co_return removed;
}

}  // namespace

async::Task<Status> remove_pages(Connection& connection, PartitionId partition,
                                 std::vector<PageNumber> numbers) {
  Status removed = co_await try_each_of(numbers.size(), [&](std::size_t i) {
    return remove_page(connection, partition, numbers[i]);
  });
  if (!removed) co_return removed;
  std::vector<std::string> rows;
  for (const PageNumber number : numbers) rows.push_back(page_row(number));
  WriteOp unlist;
  unlist.assert_exists().remove_rows(rows);
  co_return co_await run(connection, Pool::rows, partition_object(partition), std::move(unlist));
}

}  // namespace posthorn::engine::rados
