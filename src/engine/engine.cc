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

async::Task<Result<std::string>> Engine::read_page(PartitionId partition, PageNumber number) {
  auto pages = co_await read_pages(partition, std::vector{number});
  co_return std::move(pages.front());
}

async::Task<Result<std::string>> Engine::read_piece(PieceName name) {
  auto pieces = co_await read_pieces(std::vector{name});
  co_return std::move(pieces.front());
}

}  // namespace posthorn::engine
