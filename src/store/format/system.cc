#include "store/format/system.h"

#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <random>
#include <thread>

#include "async/wait.h"
#include "base/bytes.h"
#include "store/format/keys.h"
#include "store/format/record.h"

namespace posthorn::store {
namespace {

constexpr std::uint8_t kSystem = 1;
constexpr std::uint8_t kNodes = 2;
constexpr std::uint8_t kFirstShard = 16;
constexpr std::uint8_t kFirstQueueShard = 32;
constexpr std::uint8_t kFirstShareShard = 48;
constexpr std::size_t kPieceKeySize = 32;

/// Cannot collide with a random id: those never begin with fifteen zero octets in practice.
PartitionId reserved(std::uint8_t number) {
  PartitionId id;
  id.bytes.back() = number;
  return id;
}

std::string random_key() {
  std::string key(kPieceKeySize, '\0');
  if (getentropy(key.data(), key.size()) != 0) std::abort();  // As random_partition_id().
  return key;
}

}  // namespace

PartitionId system_partition() { return reserved(kSystem); }
PartitionId nodes_partition() { return reserved(kNodes); }
PartitionId directory_partition(std::uint8_t shard) {
  return reserved(static_cast<std::uint8_t>(kFirstShard + shard));
}
PartitionId queue_partition(std::uint8_t shard) {
  return reserved(static_cast<std::uint8_t>(kFirstQueueShard + shard));
}
std::uint8_t directory_shard_of(std::string_view address) {
  return static_cast<std::uint8_t>(checksum(address) % kDirectoryShards);
}

PartitionId share_partition(std::uint8_t shard) {
  return reserved(static_cast<std::uint8_t>(kFirstShareShard + shard));
}
std::uint8_t share_shard_of(std::string_view grantee) {
  return static_cast<std::uint8_t>(checksum(grantee) % kShareShards);
}

namespace {

bool is_shard(const PartitionId& id, std::uint8_t first, std::uint8_t count) {
  return id == reserved(id.bytes.back()) && id.bytes.back() >= first &&
         id.bytes.back() < first + count;
}

}  // namespace

bool is_directory_partition(const PartitionId& id) {
  return is_shard(id, kFirstShard, kDirectoryShards);
}
bool is_share_partition(const PartitionId& id) {
  return is_shard(id, kFirstShareShard, kShareShards);
}

bool is_account_partition(const PartitionId& id) {
  for (std::size_t i = 0; i + 1 < id.bytes.size(); ++i)
    if (id.bytes[i] != 0) return true;
  return false;
}

std::string normalize_address(std::string_view address) {
  std::string out(address);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

Result<std::string> open_system(engine::Engine& engine) {
  const std::string row_key(keys::kPieceKey);
  std::string key;
  Status ok =
      edit_row(engine, system_partition(), row_key,
               [&](const std::optional<std::string>& row) -> Result<std::vector<engine::Edit>> {
                 if (row) {
                   auto payload = unseal(*row);
                   if (!payload) return pass(payload);
                   key = *payload;
                   return std::vector<engine::Edit>{};
                 }
                 key = random_key();
                 return std::vector<engine::Edit>{{row_key, seal(key)}};
               });
  if (!ok) return pass(ok);
  return key;
}

Result<engine::PartitionVersion> commit_and_wait(engine::Engine& engine, engine::Commit commit) {
  using Outcome = Result<engine::PartitionVersion>;
  std::promise<Outcome> answer;
  auto future = answer.get_future();
  engine.commit(std::move(commit), [&](Outcome r) { answer.set_value(std::move(r)); });
  return future.get();
}

namespace {

/// When a conflict occurs, an engine refuses everything submitted for the partition before it was
/// reported. Writers that retry at once would make each other fail for ever.
void pause_before(int attempt) {
  constexpr int kLongestMicroseconds = 20'000;
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<int> pause(
      0, std::min(500 * std::min(attempt, 1000), kLongestMicroseconds));
  std::this_thread::sleep_for(std::chrono::microseconds(pause(random)));
}

}  // namespace

Status edit_row(
    engine::Engine& engine, const PartitionId& partition, const std::string& key,
    const std::function<Result<std::vector<engine::Edit>>(const std::optional<std::string>&)>&
        make) {
  // By time and not by number: on a machine that is busy, many attempts fail within a second.
  constexpr std::chrono::seconds kPatience(30);
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (int attempt = 0; std::chrono::steady_clock::now() < until; ++attempt) {
    if (attempt > 0) pause_before(attempt);
    auto rows = async::wait(engine.scan(partition, key, key + '\0', 1));
    if (!rows) return pass(rows);
    auto edits = make(rows->rows.empty() ? std::nullopt : std::optional(rows->rows.front().value));
    if (!edits) return pass(edits);
    if (edits->empty()) return {};
    auto done = commit_and_wait(engine, {partition, rows->version, 1, std::move(*edits), {}});
    if (done) return {};
    if (done.error().kind != ErrorKind::conflict) return pass(done);
  }
  return fail(ErrorKind::unavailable, "A row is being changed by other writers; please try again");
}

}  // namespace posthorn::store
