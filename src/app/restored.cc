#include "app/restored.h"

#include "engine/rocksdb/wal/losses.h"

namespace posthorn::app {

Status declare_restored(const std::string& store_folder, const std::string& why) {
  auto epoch = engine::rocks::declare_older(store_folder, why);
  if (!epoch) return pass(epoch);
  return {};
}

config::Config config_for_copy(config::Config config, const std::string& data_dir) {
  constexpr std::uint64_t kSmall = 32UL << 20;
  config.data_dir = data_dir;
  config.storage.cache = std::min(config.storage.cache, kSmall);
  config.storage.write_buffer = std::min(config.storage.write_buffer, kSmall / 4);
  return config;
}

}  // namespace posthorn::app
