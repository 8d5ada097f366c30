#include "app/accounts/decoys.h"

#include <fstream>

#include "app/machine/notify.h"
#include "auth/crypto.h"
#include "base/bytes.h"

namespace posthorn::app {
namespace {

constexpr std::int64_t kSlowestSeconds = 3LL * 365 * 86400;
/// Older ones are forgotten; by then nobody can tell.
constexpr std::size_t kMostChanges = 50;

}  // namespace

Result<std::unique_ptr<Decoys>> Decoys::open(const std::string& data_dir, std::uint32_t iterations,
                                             std::string key, const Clock& clock) {
  std::unique_ptr<Decoys> decoys(new Decoys(data_dir + "/iterations", std::move(key), clock));
  decoys->load();
  if (Status noted = decoys->set(iterations); !noted) return pass(noted);
  return decoys;
}

void Decoys::load() {
  const MutexLock lock(mutex_);
  std::ifstream in(path_);
  Change change;
  while (changes_.size() < kMostChanges && in >> change.iterations >> change.since)
    changes_.push_back(change);
}

Status Decoys::set(std::uint32_t iterations) {
  const MutexLock lock(mutex_);
  if (!changes_.empty() && changes_.back().iterations == iterations) return {};
  // The accounts there are at the first start already have the first number.
  changes_.push_back({iterations, changes_.empty() ? 0 : clock_.now().seconds});
  if (changes_.size() > kMostChanges) changes_.erase(changes_.begin());
  std::string text;
  for (const Change& change : changes_)
    text += fmt::format("{} {}\n", change.iterations, change.since);
  return write_file_atomically(path_, text);
}

std::uint32_t Decoys::iterations_of(std::string_view name) const {
  const MutexLock lock(mutex_);
  std::uint32_t iterations = changes_.front().iterations;
  const std::int64_t now = clock_.now().seconds;
  for (const Change& change : changes_) {
    const auth::Hash drawn = auth::hmac(key_, fmt::format("iterations {} {}", change.since, name));
    const auto wait = static_cast<std::int64_t>(ByteReader(auth::view(drawn)).u64() %
                                                static_cast<std::uint64_t>(kSlowestSeconds));
    if (change.since + wait <= now) iterations = change.iterations;
  }
  return iterations;
}

}  // namespace posthorn::app
