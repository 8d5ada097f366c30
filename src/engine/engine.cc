#include "engine/engine.h"

namespace posthorn::engine {

async::Task<Result<std::optional<std::string>>> Engine::get_row(PartitionId partition,
                                                                std::string key) {
  std::vector<std::string> keys;
  keys.push_back(std::move(key));
  auto values = co_await get(partition, std::move(keys));
  if (!values) co_return pass(values);
  co_return std::move(values->front());
}

namespace {

BlobVisitor keep_in(Blobs& blobs) {
  return [&blobs](std::size_t i, const Result<std::string_view>& bytes) {
    if (bytes) {
      blobs[i] = std::string(*bytes);
    } else {
      blobs[i] = std::unexpected(bytes.error());
    }
  };
}

}  // namespace

async::Task<Blobs> Engine::read_pages(PartitionId partition, std::vector<PageNumber> numbers) {
  Blobs pages(numbers.size());
  co_await visit_pages(partition, std::move(numbers), keep_in(pages));
  co_return pages;
}

async::Task<Blobs> Engine::read_pieces(std::vector<PieceName> names) {
  Blobs pieces(names.size());
  co_await visit_pieces(std::move(names), keep_in(pieces));
  co_return pieces;
}

async::Task<Result<std::string>> Engine::read_page(PartitionId partition, PageNumber number) {
  auto pages = co_await read_pages(partition, std::vector{number});
  co_return std::move(pages.front());
}

async::Task<Result<std::string>> Engine::read_piece(PieceName name) {
  auto pieces = co_await read_pieces(std::vector{name});
  co_return std::move(pieces.front());
}

}  // namespace posthorn::engine
