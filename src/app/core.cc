#include "app/core.h"

#include <algorithm>
#include <exception>
#include <thread>

#include "app/machine/memory_plan.h"
#include "base/log.h"
#include "engine/memory/memory_engine.h"
#include "engine/rados/rados_engine.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "extract/child_extractor.h"
#include "store/discarded.h"
#include "store/removed/removed_mailbox.h"
#include "store/upkeep/attachments.h"
#include "text/ascii.h"

namespace posthorn::app {
namespace {

std::size_t io_threads(const config::Threads& threads) {
  if (threads.io != 0) return threads.io;
  return std::max(1U, std::thread::hardware_concurrency());
}

/// Half of the cores: hashing must not keep them all from other work.
std::size_t hash_threads() { return std::max(1U, std::thread::hardware_concurrency() / 2); }

std::size_t offload_threads(const config::Threads& threads) {
  if (threads.offload != 0) return threads.offload;
  return std::max(4U, 2 * std::thread::hardware_concurrency());
}

constexpr std::size_t kOffloadQueue = 4096;

Result<std::unique_ptr<engine::Engine>> open_engine(const config::Config& config, EngineKind kind,
                                                    engine::IfAbsent if_absent, Losses losses,
                                                    async::OffloadPool& pool,
                                                    engine::EngineMeter& meter) {
  if (kind == EngineKind::memory) return std::make_unique<engine::MemoryEngine>();
  if (kind == EngineKind::configured && config.storage.engine == config::StorageEngine::rados) {
    engine::RadosOptions options = rados_options(config);
    options.if_absent = if_absent;
    options.meter = &meter;
    return engine::open_rados(options);
  }
  engine::RocksDbOptions options = engine_options(config);
  options.if_absent = if_absent;
  options.accept_loss = losses == Losses::accept;
  options.pool = &pool;
  options.meter = &meter;
  return engine::open_rocksdb(options);
}

store::PieceSharing sharing(config::PieceSharing among) {
  switch (among) {
    case config::PieceSharing::server: return store::PieceSharing::server;
    case config::PieceSharing::domain: return store::PieceSharing::domain;
    case config::PieceSharing::account: return store::PieceSharing::account;
  }
  return store::PieceSharing::server;
}

/// Names are compared in lower case.
std::shared_ptr<const store::SharingPolicy> sharing_policy(const config::Sharing& from) {
  auto policy = std::make_shared<store::SharingPolicy>();
  policy->anyone = from.anyone;
  policy->subscribe = from.subscribe;
  policy->private_flags = from.private_flags;
  for (const std::string& line : from.groups) {
    const std::size_t equals = line.find('=');
    const std::string group = text::lower(std::string_view(line).substr(0, equals));
    std::string_view members = std::string_view(line).substr(equals + 1);
    while (!members.empty()) {
      const std::size_t end = std::min(members.find(' '), members.size());
      if (end > 0) policy->configured_groups[text::lower(members.substr(0, end))].push_back(group);
      members.remove_prefix(std::min(end + 1, members.size()));
    }
  }
  for (auto& [member, groups] : policy->configured_groups) {
    std::ranges::sort(groups);
    groups.erase(std::ranges::unique(groups).begin(), groups.end());
  }
  return policy;
}

/// Without the program nothing is extracted, so that everything is once it is there.
void search_attachments(const config::Config& config, store::Store& store) {
  if (!config.search.attachments) return;
  std::string program = extract::extractor_path();
  if (program.empty()) {
    log::warning("attachments are not searched: posthorn-extract is not installed");
    return;
  }
  store::search_attachments(store, std::make_shared<extract::ChildExtractor>(std::move(program)));
}

}  // namespace

engine::RocksDbOptions engine_options(const config::Config& config) {
  engine::RocksDbOptions options;
  options.path = store_path(config);
  // Half of the cache is the engine's, half the store's decoded pages.
  options.cache_bytes = config.storage.cache / 2;
  options.write_buffer_bytes = config.storage.write_buffer;
  options.max_open_files = static_cast<int>(config.storage.max_open_files);
  return options;
}

engine::RadosOptions rados_options(const config::Config& config) {
  const config::Rados& from = config.storage.rados;
  engine::RadosOptions options;
  options.conf = config::path_in(config, from.conf);
  options.user = from.user;
  options.pool = from.pool;
  options.body_pool = from.body_pool;
  options.name_space = from.name_space;
  return options;
}

store::StoreOptions store_options(const config::Config& config) {
  store::StoreOptions options;
  options.page_cache_bytes = config.storage.cache / 2;
  options.contents_budget_bytes = config.storage.version_memory;
  options.piece_sharing = sharing(config.storage.piece_sharing);
  options.policy = store_policy(config);
  return options;
}

store::StorePolicy store_policy(const config::Config& config) {
  const auto seconds = [](config::Duration d) {
    return std::chrono::duration_cast<std::chrono::seconds>(d).count();
  };
  store::StorePolicy policy;
  policy.horizon_seconds = seconds(config.storage.journal_horizon);
  policy.content_seconds = seconds(config.storage.expunged_retention);
  policy.sharing = sharing_policy(config.sharing);
  policy.default_quota = {config.quota.default_size, config.quota.default_messages};
  return policy;
}

store::RetentionPolicy retention_policy(const config::Config& config) {
  const auto seconds = [](config::Duration d) {
    return std::chrono::duration_cast<std::chrono::seconds>(d).count();
  };
  return {.trash_seconds = seconds(config.retention.trash),
          .junk_seconds = seconds(config.retention.junk),
          .users_may_change = config.retention.users_may_change};
}

std::string store_path(const config::Config& config) { return config.data_dir + "/store"; }

Core::Core(const config::Threads& threads)
    : loops_(io_threads(threads)),
      offload_(offload_threads(threads), kOffloadQueue),
      hashing_(hash_threads(), kOffloadQueue) {}

Result<std::unique_ptr<Core>> Core::open(const config::Config& config, EngineKind kind,
                                         engine::IfAbsent if_absent, Losses losses) {
  try {
    return open_all(config, kind, if_absent, losses);
  } catch (const std::exception& error) {
    // Thrown by the standard library if there are no more threads or no memory.
    return fail(ErrorKind::limit,
                "there are not enough threads or memory for this process to start (ulimit -u, -v; "
                "TasksMax= and LimitAS= of the unit; threads.io and threads.offload)",
                error.what());
  }
}

Result<std::unique_ptr<Core>> Core::open_all(const config::Config& given, EngineKind kind,
                                             engine::IfAbsent if_absent, Losses losses) {
  config::Config config = given;
  const MemoryPlan plan = plan_memory(given, available_memory());
  config.storage.cache = plan.cache;
  config.storage.write_buffer = plan.write_buffer;
  config.storage.version_memory = plan.versions;
  std::unique_ptr<Core> core(new Core(config.threads));
  auto engine = open_engine(config, kind, if_absent, losses, core->offload_, core->engine_meter_);
  if (!engine) return pass(engine);
  core->engine_ = std::move(*engine);
  auto store = store::Store::open(*core->engine_, core->loops_, core->offload_, system_clock(),
                                  store_options(config));
  if (!store) return pass(store);
  core->store_ = std::move(*store);
  store::set_retention(*core->store_, retention_policy(config));
  store::set_kept_factor(*core->store_, static_cast<std::uint32_t>(config.quota.kept_factor));
  store::show_removed_mailboxes(*core->store_, config.mailboxes.recently_deleted);
  search_attachments(config, *core->store_);
  return core;
}

Core::~Core() {
  // Tasks on the loops may still use the store.
  loops_.stop_and_join();
}

async::Task<void> Core::close() {
  co_await store_->close();
  // The engine waits for the disk, so this must not run on a loop's thread.
  co_await async::offload(offload_, [this] { engine_->close(); });
}

}  // namespace posthorn::app
