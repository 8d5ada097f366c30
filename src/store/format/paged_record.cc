#include "store/format/paged_record.h"

#include <utility>

#include "store/format/keys.h"

namespace posthorn::store {

std::optional<PageNumber> page_of(std::string_view value) {
  const auto where = keys::row_or_page(value);
  return where ? where->page : std::nullopt;
}

async::Task<engine::Blobs> read_records(engine::Engine& engine, PartitionId partition,
                                        std::vector<std::string> values) {
  std::vector<PageNumber> numbers;
  for (const std::string& value : values)
    if (const auto page = page_of(value)) numbers.push_back(*page);
  engine::Blobs pages;
  if (!numbers.empty()) pages = co_await engine.read_pages(partition, std::move(numbers));
  engine::Blobs records;
  records.reserve(values.size());
  auto page = pages.begin();
  for (std::string& value : values) {
    if (page_of(value)) {
      records.push_back(std::move(*page++));
    } else if (value.starts_with(keys::kInRow)) {
      value.erase(0, 1);
      records.emplace_back(std::move(value));
    } else {
      records.push_back(fail(ErrorKind::corrupt, "a row is neither a record nor a page's number"));
    }
  }
  co_return records;
}

async::Task<Result<std::string>> read_record(engine::Engine& engine, PartitionId partition,
                                             std::string value) {
  std::vector<std::string> values;
  values.push_back(std::move(value));
  auto records = co_await read_records(engine, partition, std::move(values));
  co_return std::move(records.front());
}

}  // namespace posthorn::store
