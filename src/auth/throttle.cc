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
  Mutex mutex;
  std::unordered_map<std::string, std::uint32_t> by_key POSTHORN_GUARDED_BY(mutex);
};

Throttle::Throttle(ThrottleLimits limits, const Clock& clock)
    : limits_(limits),
      clock_(clock),
      key_(random_bytes(kKeyOctets)),
      waiting_(std::make_shared<Waiting>()),
      trusted_(limits.max_entries),
      early_(limits.max_entries),
      slowed_(limits.max_entries),
      strays_(limits.max_entries),
      networks_(limits.max_entries) {}

std::chrono::milliseconds Throttle::delay_of(const Entry& entry, std::uint32_t free) const {
  if (clock_.now().seconds - entry.last_guess >= limits_.forget_after.count()) return {};
  if (entry.guesses < free) return {};
  const std::uint32_t doublings = std::min(entry.guesses - free, 20U);
  return std::min(limits_.longest_delay, limits_.first_delay * (std::int64_t{1} << doublings));
}

bool Throttle::is_trusted(const std::string& key) {
  const std::int64_t* const since = trusted_.find(key);
  return since != nullptr && clock_.now().seconds - *since < limits_.trust_after_success.count();
}

Throttle::Entry* Throttle::find(const std::string& key) {
  for (Table* const table : {&slowed_, &early_, &strays_})
    if (Entry* const entry = table->find(key)) return entry;
  return nullptr;
}

std::chrono::milliseconds Throttle::delay_for(const std::string& key, std::string_view network) {
  if (is_trusted(key)) return {};
  std::chrono::milliseconds delay{};
  if (const Entry* const entry = find(key)) delay = delay_of(*entry, limits_.free_guesses);
  if (const Entry* const entry = networks_.find(network))
    delay = std::max(delay, delay_of(*entry, limits_.free_stray_guesses));
  return delay;
}

std::optional<Throttle::Attempt> Throttle::admit(std::string_view user, std::string_view peer) {
  const std::string key = entry_key(user, peer);
  Attempt attempt;
  {
    const MutexLock lock(mutex_);
    attempt.delay = delay_for(key, network_of(peer));
  }
  // Attempts without a name are not limited together, because they would lock each other out.
  if (attempt.delay.count() == 0 || user.empty()) return attempt;
  {
    const MutexLock lock(waiting_->mutex);
    std::uint32_t& count = waiting_->by_key[key];
    if (count >= limits_.max_waiting) return std::nullopt;
    ++count;
  }
  attempt.turn = std::shared_ptr<void>(nullptr, [waiting = waiting_, key](void*) {
    const MutexLock lock(waiting->mutex);
    const auto at = waiting->by_key.find(key);
    if (--at->second == 0) waiting->by_key.erase(at);
  });
  return attempt;
}

/// Returns whether this guess was not seen recently.
bool Throttle::count(Entry& entry, std::optional<std::uint64_t> print) {
  const std::int64_t now = clock_.now().seconds;
  if (now - entry.last_guess >= limits_.forget_after.count()) entry = Entry{};
  if (print && std::ranges::find(entry.seen, *print) != entry.seen.end()) return false;
  entry.last_guess = now;
  entry.guesses += entry.guesses < UINT32_MAX ? 1 : 0;
  if (!print) return true;
  if (entry.seen.size() == kSeenPasswords) entry.seen.erase(entry.seen.begin());
  entry.seen.push_back(*print);
  return true;
}

void Throttle::failed(std::string_view user, std::string_view peer, Named named,
                      std::optional<std::string_view> password) {
  const std::string key = entry_key(user, peer);
  std::optional<std::uint64_t> print;
  if (password) {
    const Hash mac = hmac(key_, key + '\0' + std::string(*password));
    print = ByteReader(view(mac)).u64();
  }
  const MutexLock lock(mutex_);
  if (named == Named::nobody) {
    // What was counted for the name is not counted for its network again.
    if (user.empty() || count(strays_.at(key), print)) count(networks_.at(network_of(peer)), print);
    return;
  }
  if (Entry* const slowed = slowed_.find(key)) {
    count(*slowed, print);
    return;
  }
  Entry& entry = early_.at(key);
  count(entry, print);
  if (entry.guesses < limits_.free_guesses) return;
  slowed_.at(key) = std::move(entry);
  early_.erase(key);
}

void Throttle::succeeded(std::string_view user, std::string_view peer) {
  const std::string key = entry_key(user, peer);
  const MutexLock lock(mutex_);
  for (Table* const table : {&slowed_, &early_, &strays_}) table->erase(key);
  trusted_.at(key) = clock_.now().seconds;
}

void Throttle::list(const Table& table, std::uint32_t free, std::size_t limit,
                    std::vector<Slowed>& out) {
  for (const auto& [key, entry] : table) {
    if (out.size() >= limit) return;
    const auto delay = delay_of(entry, free);
    if (delay.count() == 0 || is_trusted(key)) continue;
    const std::size_t cut = key.find('\0');
    const bool network = cut == std::string::npos;
    out.push_back({network ? "" : key.substr(0, cut), network ? key : key.substr(cut + 1),
                   entry.guesses, delay});
  }
}

std::vector<Throttle::Slowed> Throttle::slowed(std::size_t limit) {
  std::vector<Slowed> out;
  const MutexLock lock(mutex_);
  list(slowed_, limits_.free_guesses, limit, out);
  list(networks_, limits_.free_stray_guesses, limit, out);
  list(strays_, limits_.free_guesses, limit, out);
  return out;
}

std::size_t Throttle::pardon(std::string_view user) {
  const std::string prefix = text::lower(user) + '\0';
  const MutexLock lock(mutex_);
  std::size_t forgotten = 0;
  for (Table* const table : {&slowed_, &early_, &strays_})
    forgotten += table->erase_if(
        [&](const std::string& key, const Entry&) { return key.starts_with(prefix); });
  return forgotten;
}

std::size_t Throttle::size() {
  const MutexLock lock(mutex_);
  return trusted_.size() + early_.size() + slowed_.size() + strays_.size() + networks_.size();
}

}  // namespace posthorn::auth
