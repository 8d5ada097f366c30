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
/// How many times more attempts may wait where the user is trusted, or where only attempts that are
/// not judged yet are in the way.
constexpr std::uint32_t kMoreWaiting = 4;

std::string entry_key(std::string_view user, std::string_view peer) {
  std::string key = text::lower(user);
  key += '\0';
  key += network_of(peer);
  return key;
}

}  // namespace

struct Throttle::InFlight {
  struct Count {
    std::uint32_t running = 0;  ///< Those that wait included, those with the same password once.
    std::uint32_t waiting = 0;
    std::unordered_map<std::uint64_t, std::uint32_t> prints = {};
  };
  Mutex mutex;
  std::unordered_map<std::string, Count> by_key POSTHORN_GUARDED_BY(mutex);

  void add(const std::string& key, std::optional<std::uint64_t> print, bool waits)
      POSTHORN_REQUIRES(mutex) {
    Count& count = by_key[key];
    if (!print || count.prints[*print]++ == 0) ++count.running;
    count.waiting += waits ? 1 : 0;
  }
  void remove(const std::string& key, std::optional<std::uint64_t> print, bool waits)
      POSTHORN_REQUIRES(mutex) {
    const auto at = by_key.find(key);
    Count& count = at->second;
    count.waiting -= waits ? 1 : 0;
    bool last = true;
    if (print) {
      const auto same = count.prints.find(*print);
      last = --same->second == 0;
      if (last) count.prints.erase(same);
    }
    if (last && --count.running == 0) by_key.erase(at);
  }
};

Throttle::Throttle(ThrottleLimits limits, const Clock& clock)
    : limits_(limits),
      clock_(clock),
      key_(random_bytes(kKeyOctets)),
      in_flight_(std::make_shared<InFlight>()),
      trusted_(limits.max_entries),
      early_(limits.max_entries),
      slowed_(limits.max_entries),
      strays_(limits.max_entries),
      networks_(limits.max_entries),
      spread_(limits.max_entries),
      users_(limits.max_entries),
      stray_users_(limits.max_entries) {}

std::chrono::milliseconds Throttle::delay_of(std::uint32_t guesses, std::uint32_t free) const {
  if (guesses < free) return {};
  const std::uint32_t doublings = std::min(guesses - free, 20U);
  return std::min(limits_.longest_delay, limits_.first_delay * (std::int64_t{1} << doublings));
}

std::uint32_t Throttle::guesses_of(const Entry* entry, std::uint32_t free) const {
  if (entry == nullptr) return 0;
  const std::int64_t now = clock_.now().seconds;
  const std::int64_t time = limits_.forget_after.count();
  if (now - entry->last_guess >= time) return 0;
  const std::int64_t forgiven = std::max<std::int64_t>(0, now - entry->leaked) * free / time;
  return forgiven >= entry->guesses ? 0 : entry->guesses - static_cast<std::uint32_t>(forgiven);
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

std::vector<Throttle::Level> Throttle::levels_of(std::string_view user, std::string_view peer) {
  std::vector<Level> levels;
  const std::string key = entry_key(user, peer);
  const bool trusted = !user.empty() && is_trusted(key);
  const std::uint32_t free = limits_.free_guesses;
  if (!user.empty())
    levels.push_back({key, guesses_of(find(key), free),
                      trusted ? limits_.free_trusted_guesses : free,
                      (trusted ? kMoreWaiting : 1) * limits_.max_waiting});
  if (trusted) return levels;
  std::uint32_t times = 1;
  for (const std::string& network : networks_of(peer)) {
    const std::uint32_t stray = times * limits_.free_stray_guesses;
    const std::uint32_t spread = times * limits_.free_spread_guesses;
    levels.push_back(
        {"", guesses_of(networks_.find(network), stray), stray, limits_.max_waiting_together});
    levels.push_back(
        {network, guesses_of(spread_.find(network), spread), spread, limits_.max_waiting_together});
    times *= 2;
  }
  if (user.empty()) return levels;
  std::string name = text::lower(user);
  const std::uint32_t together = limits_.free_user_guesses;
  const std::uint32_t at_user = std::max(guesses_of(users_.find(name), together),
                                         guesses_of(stray_users_.find(name), together));
  name += '\0';  // So that it is not the name of a network.
  levels.push_back({std::move(name), at_user, together, limits_.max_waiting_together});
  return levels;
}

std::optional<std::uint64_t> Throttle::print_of(const std::string& key,
                                                std::optional<std::string_view> password) const {
  if (!password) return std::nullopt;
  const Hash mac = hmac(key_, key + '\0' + std::string(*password));
  return ByteReader(view(mac)).u64();
}

std::optional<Throttle::Attempt> Throttle::admit(std::string_view user, std::string_view peer,
                                                 std::optional<std::string_view> password) {
  const auto print = print_of(entry_key(user, peer), password);
  std::vector<Level> levels;
  {
    const MutexLock lock(mutex_);
    levels = levels_of(user, peer);
  }
  Attempt attempt;
  std::vector<std::pair<std::string, bool>> held;
  const MutexLock lock(in_flight_->mutex);
  for (const Level& level : levels) {
    const auto delay = delay_of(level.guesses, level.free);
    attempt.delay = std::max(attempt.delay, delay);
    // Attempts without a name are not limited together, because they would lock each other out. Nor
    // are those not judged yet that may be at names of no account: most are not.
    if (level.key.empty() || user.empty()) continue;
    const auto at = in_flight_->by_key.find(level.key);
    const InFlight::Count none;
    const InFlight::Count& count = at == in_flight_->by_key.end() ? none : at->second;
    const bool same = print && count.prints.contains(*print);
    const bool in_the_way =
        delay.count() == 0 && !same && level.guesses + count.running >= level.free;
    if (in_the_way) attempt.delay = std::max(attempt.delay, limits_.first_delay);
    const bool waits = in_the_way || delay.count() > 0;
    if (waits && count.waiting >= (in_the_way ? kMoreWaiting : 1) * level.may_wait)
      return std::nullopt;
    held.emplace_back(level.key, waits);
  }
  for (const auto& [key, waits] : held) in_flight_->add(key, print, waits);
  attempt.turn = std::shared_ptr<void>(
      nullptr, [in_flight = in_flight_, held = std::move(held), print](void*) {
        const MutexLock done(in_flight->mutex);
        for (const auto& [key, waits] : held) in_flight->remove(key, print, waits);
      });
  return attempt;
}

/// Returns whether this guess was not seen recently.
bool Throttle::count(Entry& entry, std::optional<std::uint64_t> print, std::uint32_t free) {
  const std::int64_t now = clock_.now().seconds;
  if (now - entry.last_guess >= limits_.forget_after.count()) entry = Entry{.leaked = now};
  if (print && std::ranges::find(entry.seen, *print) != entry.seen.end()) return false;
  // The remainder of a division is not lost.
  const std::uint32_t left = guesses_of(&entry, free);
  if (left != entry.guesses) {
    const std::int64_t forgiven = entry.guesses - left;
    entry.leaked = left == 0 ? now : entry.leaked + forgiven * limits_.forget_after.count() / free;
    entry.guesses = left;
  }
  entry.last_guess = now;
  entry.guesses += entry.guesses < UINT32_MAX ? 1 : 0;
  if (!print) return true;
  if (entry.seen.size() == kSeenPasswords) entry.seen.erase(entry.seen.begin());
  entry.seen.push_back(*print);
  return true;
}

bool Throttle::count_at_user(const std::string& key, Named named,
                             std::optional<std::uint64_t> print) {
  const std::uint32_t free = limits_.free_guesses;
  if (named == Named::nobody) return count(strays_.at(key), print, free);
  if (Entry* const slowed = slowed_.find(key)) return count(*slowed, print, free);
  Entry& entry = early_.at(key);
  const bool is_new = count(entry, print, free);
  if (entry.guesses < free) return is_new;
  slowed_.at(key) = std::move(entry);
  early_.erase(key);
  return is_new;
}

void Throttle::failed(std::string_view user, std::string_view peer, Named named,
                      std::optional<std::string_view> password) {
  const std::string key = entry_key(user, peer);
  const auto print = print_of(key, password);
  const bool nobody = named == Named::nobody;
  const MutexLock lock(mutex_);
  // What was counted for the name is not counted again for its network and for all networks.
  if (!user.empty() && !count_at_user(key, named, print)) return;
  std::uint32_t times = 1;
  for (const std::string& network : networks_of(peer)) {
    const std::uint32_t free = nobody ? limits_.free_stray_guesses : limits_.free_spread_guesses;
    count((nobody ? networks_ : spread_).at(network), print, times * free);
    times *= 2;
  }
  if (!user.empty())
    count((nobody ? stray_users_ : users_).at(text::lower(user)), print, limits_.free_user_guesses);
}

void Throttle::succeeded(std::string_view user, std::string_view peer) {
  const std::string key = entry_key(user, peer);
  const MutexLock lock(mutex_);
  const bool first = !is_trusted(key);
  for (Table* const table : {&slowed_, &early_, &strays_}) {
    Entry* const entry = table->find(key);
    if (entry == nullptr) continue;
    entry->guesses /= 2;
    if (first) table->erase(key);
  }
  trusted_.at(key) = clock_.now().seconds;
}

void Throttle::list(const Table& table, std::uint32_t free, std::size_t limit,
                    std::vector<Slowed>& out) {
  for (const auto& [key, entry] : table) {
    if (out.size() >= limit) return;
    const std::uint32_t guesses = guesses_of(&entry, free);
    const auto delay =
        delay_of(guesses, is_trusted(key) ? std::max(free, limits_.free_trusted_guesses) : free);
    if (delay.count() == 0) continue;
    const std::size_t cut = key.find('\0');
    const bool network = cut == std::string::npos;
    out.push_back(
        {network ? "" : key.substr(0, cut), network ? key : key.substr(cut + 1), guesses, delay});
  }
}

std::vector<Throttle::Slowed> Throttle::slowed(std::size_t limit) {
  std::vector<Slowed> out;
  const MutexLock lock(mutex_);
  list(slowed_, limits_.free_guesses, limit, out);
  list(networks_, limits_.free_stray_guesses, limit, out);
  list(spread_, limits_.free_spread_guesses, limit, out);
  list(strays_, limits_.free_guesses, limit, out);
  return out;
}

std::size_t Throttle::pardon(std::string_view user) {
  const std::string prefix = text::lower(user) + '\0';
  const MutexLock lock(mutex_);
  std::size_t forgotten = 0;
  for (Table* const table : {&users_, &stray_users_}) table->erase(text::lower(user));
  for (Table* const table : {&slowed_, &early_, &strays_})
    forgotten += table->erase_if(
        [&](const std::string& key, const Entry&) { return key.starts_with(prefix); });
  return forgotten;
}

std::size_t Throttle::size() {
  const MutexLock lock(mutex_);
  return trusted_.size() + early_.size() + slowed_.size() + strays_.size() + networks_.size() +
         spread_.size() + users_.size() + stray_users_.size();
}

}  // namespace posthorn::auth
