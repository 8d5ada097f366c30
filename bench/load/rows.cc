#include "load/rows.h"

namespace posthorn::bench {

std::optional<std::uint64_t> Work::take() {
  if (error_ || next_ >= plan_.count || watch_.milliseconds() > plan_.seconds * 1e3)
    return std::nullopt;
  return next_++;
}

Result<Row> Work::rate(std::string unit, const Meter& meter) {
  if (error_) return std::unexpected(std::move(*error_));
  Row row;
  row.cost = meter.stop();
  row.unit = std::move(unit);
  row.operations = samples_.size();
  row.value = static_cast<double>(samples_.size()) * 1e3 / row.cost.wall_ms;
  row.samples = std::move(samples_);
  return row;
}

std::vector<std::string> make_messages(const MessageMaker& maker, std::uint64_t count) {
  std::vector<std::string> messages;
  messages.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) messages.push_back(maker.message(i));
  return messages;
}

}  // namespace posthorn::bench
