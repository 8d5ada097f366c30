#include "auth/throttle.h"

#include <algorithm>
#include <unordered_map>

#include "auth/crypto.h"
#include "auth/peer.h"
#include "base/bytes.h"
#include "text/ascii.h"

namespace posthorn::auth {
namespace {

constexpr std::size_t kSeenPasswords = 16;
constexpr std::size_t kKeyOctets = 32;

std::string entry_key(std::string_view user, std::string_view peer) {
  std::string key = text::lower(user);
  key += '\0';
  key += network_of(peer);
  return key;
}

}  // namespace

struct Throttle::Waiting {
  std::mutex mutex;
  std::unordered_map<std::string, std::uint32_t> by_key;
};

Throttle::Throttle(ThrottleLimits limits, const Clock& clock)
    : limits_(limits),
      clock_(clock),
      key_(random_bytes(kKeyOctets)),
      waiting_(std::make_shared<Waiting>()),
      entries_(limits.max_entries) {}

std::chrono::milliseconds Throttle::delay_of(const Entry& entry) const {
  using std::chrono::milliseconds;
  const std::int64_t now = clock_.now().seconds;
  if (entry.last_success && now - *entry.last_success < limits_.trust_after_success.count())
    return {};
  if (now - entry.last_guess >= limits_.forget_after.count()) return {};
  if (entry.guesses < limits_.free_guesses) return {};
  const std::uint32_t doublings = std::min(entry.guesses - limits_.free_guesses, 20U);
  return std::min(limits_.longest_delay, limits_.first_delay * (std::int64_t{1} << doublings));
}

std::optional<Throttle::Attempt> Throttle::admit(std::string_view user, std::string_view peer) {
  const std::string key = entry_key(user, peer);
  Attempt attempt;
  {
    const std::lock_guard lock(mutex_);
    if (const Entry* const entry = entries_.find(key)) attempt.delay = delay_of(*entry);
  }
  if (attempt.delay.count() == 0) return attempt;
  {
    const std::lock_guard lock(waiting_->mutex);
    std::uint32_t& count = waiting_->by_key[key];
    if (count >= limits_.max_waiting) return std::nullopt;
    ++count;
  }
  attempt.turn = std::shared_ptr<void>(nullptr, [waiting = waiting_, key](void*) {
    const std::lock_guard lock(waiting->mutex);
    const auto at = waiting->by_key.find(key);
    if (--at->second == 0) waiting->by_key.erase(at);
  });
  return attempt;
}

void Throttle::failed(std::string_view user, std::string_view peer,
                      std::optional<std::string_view> password) {
  std::string key = entry_key(user, peer);
  std::optional<std::uint64_t> print;
  if (password) {
    const Hash mac = hmac(key_, key + '\0' + std::string(*password));
    print = ByteReader(view(mac)).u64();
  }
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.at(key);
  const std::int64_t now = clock_.now().seconds;
  if (now - entry.last_guess >= limits_.forget_after.count()) {
    entry.guesses = 0;
    entry.seen.clear();
  }
  if (print && std::ranges::find(entry.seen, *print) != entry.seen.end()) return;
  entry.last_guess = now;
  entry.guesses += entry.guesses < UINT32_MAX ? 1 : 0;
  if (!print) return;
  if (entry.seen.size() == kSeenPasswords) entry.seen.erase(entry.seen.begin());
  entry.seen.push_back(*print);
}

void Throttle::succeeded(std::string_view user, std::string_view peer) {
  const std::string key = entry_key(user, peer);
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.at(key);
  entry = Entry{};
  entry.last_success = clock_.now().seconds;
}

std::vector<Throttle::Slowed> Throttle::slowed(std::size_t limit) {
  std::vector<Slowed> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, entry] : entries_) {
    if (out.size() == limit) break;
    const auto delay = delay_of(entry);
    if (delay.count() == 0) continue;
    const std::size_t cut = key.find('\0');
    out.push_back({key.substr(0, cut), key.substr(cut + 1), entry.guesses, delay});
  }
  return out;
}

std::size_t Throttle::pardon(std::string_view user) {
  const std::string prefix = text::lower(user) + '\0';
  const std::lock_guard lock(mutex_);
  return entries_.erase_if(
      [&](const std::string& key, const Entry&) { return key.starts_with(prefix); });
}

std::size_t Throttle::size() {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace posthorn::auth
