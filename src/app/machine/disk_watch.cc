#include "app/machine/disk_watch.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "base/log.h"

namespace posthorn::app {
namespace {

std::string in_mib(std::uint64_t octets) {
  return fmt::format("{:.1f} MiB", static_cast<double>(octets) / (1 << 20));
}

}  // namespace

DiskWatch::DiskWatch(Measure measure, config::MinFree least, std::function<void(bool low)> tell)
    : measure_(std::move(measure)),
      least_(std::make_shared<const config::MinFree>(least)),
      tell_(std::move(tell)) {}

void DiskWatch::set(const config::MinFree& least) {
  least_.store(std::make_shared<const config::MinFree>(least));
}

void DiskWatch::look() {
  const std::optional<Space> space = measure_();
  if (!space) return;
  const std::uint64_t least = least_.load()->of(space->total);
  const bool was = low_.load();
  const bool low = space->free < least || (was && space->free - least < least / 4);
  if (low == was) return;
  low_.store(low);
  tell_(low);
  if (low) {
    log::warning(
        "storage: space is short: {} are free, and storage.min_free keeps {}. New mail is refused "
        "until there is more; everything else goes on",
        in_mib(space->free), in_mib(least));
  } else {
    log::info("storage: there is enough space for new mail again: {} are free",
              in_mib(space->free));
  }
}

DiskWatch::Measure measure_space(std::string path) {
  return [path = std::move(path)]() -> std::optional<DiskWatch::Space> {
    std::error_code error;
    const auto space = std::filesystem::space(path, error);
    if (error) return std::nullopt;
    return DiskWatch::Space{space.capacity, space.available};
  };
}

}  // namespace posthorn::app
