#include "store/filter/read_filter.h"

#include <utility>

namespace posthorn::store {

async::Task<Result<std::vector<SignedMessage>>> read_filter(engine::Engine& engine,
                                                            PartitionId partition, FilterRef ref) {
  engine::Blobs pages = co_await engine.read_pages(partition, ref.pages());
  if (!pages.front()) co_return std::unexpected(pages.front().error());
  auto directory = FilterDirectory::decode(ref.first, ref.last, *pages.front());
  if (!directory) co_return pass(directory);
  if (directory->parts() != pages.size() - 1)
    co_return fail(ErrorKind::corrupt, "a search filter has the wrong number of parts");
  std::vector<std::string> parts;
  for (std::size_t i = 1; i < pages.size(); ++i) {
    auto part = pages[i] ? directory->open_part(*pages[i]) : std::move(pages[i]);
    if (!part) co_return pass(part);
    parts.push_back(std::move(*part));
  }
  co_return directory->signatures(parts);
}

}  // namespace posthorn::store
