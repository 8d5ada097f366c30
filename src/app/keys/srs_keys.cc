#include "app/keys/srs_keys.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "app/machine/notify.h"
#include "auth/crypto.h"
#include "text/ascii.h"

namespace posthorn::app {
namespace {

constexpr std::size_t kKeyOctets = 32;
constexpr std::size_t kMaxKeys = 20;
/// A day more than the addresses are valid, for a clock that was set back.
constexpr std::int64_t kNeededSeconds = (service::kSrsDays + 1) * 86400;

std::string to_hex(std::string_view octets) {
  std::string out;
  for (const char c : octets) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() != 2 * kKeyOctets) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = text::hex_value(hex[i]);
    const int low = text::hex_value(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(16 * high + low);
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<SrsKeyFile>> SrsKeyFile::open(const std::string& data_dir,
                                                     const Clock& clock) {
  std::unique_ptr<SrsKeyFile> file(new SrsKeyFile(data_dir + "/srs-keys", clock));
  if (Status ready = file->load_or_make(); !ready) return pass(ready);
  return file;
}

Status SrsKeyFile::load_or_make() {
  const MutexLock lock(mutex_);
  Status ready = load();
  if (!ready || !keys_.empty()) return ready;
  return store({{clock_.now().seconds, auth::random_bytes(kKeyOctets)}});
}

Status SrsKeyFile::load() {
  std::error_code error;
  if (!std::filesystem::exists(path_, error) && !error) return {};
  std::ifstream in(path_);
  std::vector<Key> keys;
  std::int64_t since = 0;
  std::string hex;
  while (keys.size() < kMaxKeys && in >> since >> hex) {
    auto octets = from_hex(hex);
    // Not the text itself, which may be a key that somebody has damaged.
    if (!octets)
      return fail(ErrorKind::corrupt,
                  fmt::format("{}: line {} is not a key", path_, keys.size() + 1));
    keys.push_back({since, std::move(*octets)});
  }
  // An empty file would make an address that everybody can forge, or none.
  if (keys.empty()) return fail(ErrorKind::corrupt, path_ + ": there is no key");
  auto current = std::make_shared<service::SrsKeys>();
  for (const Key& key : keys) current->newest_first.push_back(key.octets);
  keys_ = std::move(keys);
  current_ = std::move(current);
  return {};
}

Status SrsKeyFile::store(std::vector<Key> keys) {
  std::string text;
  auto current = std::make_shared<service::SrsKeys>();
  for (const Key& key : keys) {
    text += fmt::format("{} {}\n", key.since, to_hex(key.octets));
    current->newest_first.push_back(key.octets);
  }
  if (Status written = write_file_atomically(path_, text); !written) return written;
  keys_ = std::move(keys);
  current_ = std::move(current);
  return {};
}

std::shared_ptr<const service::SrsKeys> SrsKeyFile::current() const {
  const MutexLock lock(mutex_);
  return current_;
}

Status SrsKeyFile::rotate(Old old) {
  const MutexLock lock(mutex_);
  const std::int64_t now = clock_.now().seconds;
  std::vector<Key> keys = {{now, auth::random_bytes(kKeyOctets)}};
  if (old == Old::keep) {
    // A key was last used when the next one came.
    std::int64_t used_until = now;
    for (const Key& key : keys_) {
      if (now - used_until > kNeededSeconds) break;
      keys.push_back(key);
      used_until = key.since;
    }
  }
  if (keys.size() > kMaxKeys)
    return fail(ErrorKind::limit, fmt::format("there are {} keys of the last {} days already",
                                              kMaxKeys, service::kSrsDays));
  return store(std::move(keys));
}

}  // namespace posthorn::app
