#include "app/accounts/decoys.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include "app/machine/notify.h"
#include "auth/crypto.h"
#include "base/bytes.h"

namespace posthorn::app {
namespace {

constexpr std::int64_t kSlowestSeconds = 3LL * 365 * 86400;
/// Older ones are forgotten; by then nobody can tell.
constexpr std::size_t kMostChanges = 50;
constexpr std::string_view kQuick = "quick";

/// Returns how long a name takes to follow a change. Few people set new passwords, and they do so
/// at any time; most log in with theirs within days, the first ones in the course of a day.
std::int64_t wait_of(const auth::Hash& hash, bool is_quick) {
  ByteReader r(auth::view(hash));
  const double drawn = std::ldexp(static_cast<double>(r.u64()), -64);  // From 0 to 1.
  if (!is_quick) return static_cast<std::int64_t>(drawn * static_cast<double>(kSlowestSeconds));
  constexpr std::uint64_t kDay = 86400;
  return static_cast<std::int64_t>(r.u64() % kDay) +
         static_cast<std::int64_t>(std::pow(drawn, 6) *
                                   static_cast<double>(kSlowestSeconds - kDay));
}

}  // namespace

Result<std::unique_ptr<Decoys>> Decoys::open(const std::string& data_dir, Settings settings,
                                             std::string key, const Clock& clock) {
  std::unique_ptr<Decoys> decoys(new Decoys(data_dir + "/iterations", std::move(key), clock));
  decoys->load();
  if (Status noted = decoys->set(settings); !noted) return pass(noted);
  return decoys;
}

void Decoys::load() {
  const MutexLock lock(mutex_);
  std::ifstream in(path_);
  std::string line;
  while (changes_.size() < kMostChanges && std::getline(in, line)) {
    std::istringstream words(line);
    Change change;
    if (!(words >> change.iterations >> change.since)) return;
    std::string quick;
    change.is_quick = words >> quick && quick == kQuick;
    changes_.push_back(change);
  }
}

Status Decoys::set(Settings settings) {
  const MutexLock lock(mutex_);
  if (!changes_.empty() && changes_.back().iterations == settings.iterations) return {};
  const bool is_quick =
      settings.upgrades && !changes_.empty() && settings.iterations > changes_.back().iterations;
  // The accounts there are at the first start already have the first number.
  changes_.push_back({settings.iterations, changes_.empty() ? 0 : clock_.now().seconds, is_quick});
  if (changes_.size() > kMostChanges) changes_.erase(changes_.begin());
  std::string text;
  for (const Change& change : changes_)
    text += fmt::format("{} {}{}\n", change.iterations, change.since,
                        change.is_quick ? fmt::format(" {}", kQuick) : "");
  return write_file_atomically(path_, text);
}

Decoys::Shape Decoys::shape_of(std::string_view name) const {
  const MutexLock lock(mutex_);
  Shape shape{changes_.front().iterations, 0};
  const std::int64_t now = clock_.now().seconds;
  for (const Change& change : changes_) {
    const auth::Hash hash = auth::hmac(key_, fmt::format("iterations {} {}", change.since, name));
    if (change.since + wait_of(hash, change.is_quick) <= now)
      shape = {change.iterations, change.since};
  }
  return shape;
}

}  // namespace posthorn::app
