#include "engine/rados/bells.h"

#include <algorithm>

#include "async/loop.h"
#include "async/start.h"
#include "async/wait.h"
#include "base/log.h"

namespace posthorn::engine::rados {
namespace {

constexpr std::chrono::seconds kWatchTimeout{10};
constexpr std::chrono::milliseconds kNotifyTimeout{2000};
constexpr std::size_t kBellsInOne = 64;
constexpr char kMessageVersion = 1;
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kBellBytes = kIdBytes + 3 * 8;

void append_u64(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

std::uint64_t u64_at(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + 8; ++i)
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

}  // namespace

std::string encode_bells(const BellMessage& message) {
  std::string out(1, kMessageVersion);
  out += message.sender;
  for (const Bell& bell : message.bells) {
    out += bell.partition.view();
    append_u64(out, bell.version.tail.value);
    append_u64(out, bell.version.revision);
    append_u64(out, bell.version.layout);
  }
  return out;
}

std::optional<BellMessage> parse_bells(std::string_view message) {
  if (message.size() < 1 + kIdBytes || message[0] != kMessageVersion) return std::nullopt;
  BellMessage parsed{std::string(message.substr(1, kIdBytes)), {}};
  message.remove_prefix(1 + kIdBytes);
  if (message.size() % kBellBytes != 0) return std::nullopt;
  for (; !message.empty(); message.remove_prefix(kBellBytes)) {
    Bell bell;
    std::ranges::copy(message.substr(0, kIdBytes), bell.partition.bytes.begin());
    bell.version = {Seq{u64_at(message, kIdBytes)}, u64_at(message, kIdBytes + 8),
                    u64_at(message, kIdBytes + 16)};
    parsed.bells.push_back(bell);
  }
  return parsed;
}

Bells::Bells(Connection& connection, Hear hear)
    : connection_(connection), hear_(std::move(hear)), self_(random_partition_id().view()) {}

Bells::~Bells() = default;

Status Bells::start() {
  if (Status watching = watch(); !watching) return watching;
  keeper_ = std::thread([this] { keep_watching(); });
  return {};
}

Status Bells::watch() {
  // Each time, since somebody may have removed it.
  WriteOp op;
  op.create(false);
  const Answer made =
      async::wait(connection_.write(Pool::rows, kBellObject, std::move(op), Room::take_reserve));
  if (made.code < 0) return std::unexpected(error_of(made.code, "making the object 'bells'"));
  const Answer answer = async::wait(connection_.watch(
      kBellObject, handle_, {&Bells::on_notify, &Bells::on_error, this}, kWatchTimeout));
  if (answer.code < 0) return std::unexpected(error_of(answer.code, "watching the object 'bells'"));
  return {};
}

void Bells::keep_watching() {
  constexpr std::chrono::seconds kEach{1};
  /// The watch is confirmed every five seconds.
  constexpr int kOldest = 6500;
  /// The bell of a node that died right after a commit never rings.
  constexpr std::chrono::seconds kLongestUnheard{30};
  auto looked = std::chrono::steady_clock::now();
  MutexLock lock(mutex_);
  while (!stopping_) {
    changed_.wait_until(mutex_, std::chrono::steady_clock::now() + kEach);
    if (stopping_) return;
    lock.unlock();
    if (std::chrono::steady_clock::now() - looked > kLongestUnheard) {
      looked = std::chrono::steady_clock::now();
      hear_({{}, {}, true});
    }
    const int age = library().watch_check(connection_.native(Pool::rows), handle_);
    if (age > kOldest) is_deaf_ = true;
    if (age < 0) {
      is_deaf_ = true;
      async::wait(connection_.unwatch(handle_));
      const Status again = watch();
      if (!again)
        log::warning("storage: what other nodes change is not heard of: {}", again.error().cause);
    }
    const int age_now = library().watch_check(connection_.native(Pool::rows), handle_);
    if (age_now >= 0 && age_now <= kOldest && is_deaf_) {
      is_deaf_ = false;
      log::info("storage: other nodes are heard of again; open accounts are looked at");
      hear_({{}, {}, true});
    }
    lock.lock();
  }
}

void Bells::on_error(void* self, std::uint64_t /*handle*/, int /*code*/) {
  static_cast<Bells*>(self)->is_deaf_ = true;
}

void Bells::on_notify(void* self, std::uint64_t notification, std::uint64_t handle,
                      std::uint64_t /*notifier*/, void* data, std::size_t size) {
  auto& bells = *static_cast<Bells*>(self);
  library().notify_ack(bells.connection_.native(Pool::rows), kBellObject, notification, handle,
                       nullptr, 0);
  bells.heard({static_cast<const char*>(data), size});
}

void Bells::heard(std::string_view message) {
  const auto parsed = parse_bells(message);
  if (!parsed) {
    hear_({{}, {}, true});
    return;
  }
  if (parsed->sender == self_) return;
  for (const Bell& bell : parsed->bells) hear_(bell);
}

void Bells::ring(const PartitionId& partition, const PartitionVersion& version) {
  {
    const MutexLock lock(mutex_);
    if (stopping_) return;
    to_tell_.insert_or_assign(partition, version);
    if (std::exchange(sending_, true)) return;
  }
  const async::OffLoop off;
  async::detail::start(send_all(), [] {});
}

async::Task<void> Bells::send_all() {
  for (;;) {
    BellMessage message{self_, {}};
    {
      const MutexLock lock(mutex_);
      while (!to_tell_.empty() && message.bells.size() < kBellsInOne) {
        const auto& [partition, version] = *to_tell_.begin();
        message.bells.push_back({partition, version, false});
        to_tell_.erase(to_tell_.begin());
      }
      if (message.bells.empty()) {
        sending_ = false;
        changed_.notify_all();
        co_return;
      }
    }
    // Who did not answer finds out by itself.
    static_cast<void>(
        co_await connection_.notify(kBellObject, encode_bells(message), kNotifyTimeout));
  }
}

void Bells::stop() {
  {
    MutexLock lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    while (sending_) changed_.wait(mutex_);
  }
  changed_.notify_all();
  if (keeper_.joinable()) {
    keeper_.join();
    async::wait(connection_.unwatch(handle_));
  }
}

}  // namespace posthorn::engine::rados
