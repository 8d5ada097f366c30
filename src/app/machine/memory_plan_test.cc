#include "app/machine/memory_plan.h"

#include <gtest/gtest.h>

namespace posthorn::app {
namespace {

constexpr std::uint64_t kMebi = 1 << 20;

config::Config usual() {
  config::Config config;
  config.storage.cache = 256 * kMebi;
  config.storage.write_buffer = 64 * kMebi;
  config.storage.version_memory = 512 * kMebi;
  return config;
}

TEST(MemoryPlan, ALargeMachineGetsWhatIsConfigured) {
  for (const std::uint64_t available : {std::uint64_t{0}, 1664 * kMebi, 100'000 * kMebi}) {
    const MemoryPlan plan = plan_memory(usual(), available);
    EXPECT_EQ(plan.cache, 256 * kMebi) << available;
    EXPECT_EQ(plan.write_buffer, 64 * kMebi);
    EXPECT_EQ(plan.versions, 512 * kMebi);
  }
}

TEST(MemoryPlan, ASmallOneGivesHalfInTheSameProportions) {
  const MemoryPlan plan = plan_memory(usual(), 416 * kMebi);
  EXPECT_EQ(plan.cache, 64 * kMebi);
  EXPECT_EQ(plan.write_buffer, 16 * kMebi);
  EXPECT_EQ(plan.versions, 128 * kMebi);
  EXPECT_NE(plan.why.find("416 MiB"), std::string::npos) << plan.why;
}

TEST(MemoryPlan, OneKeySetsAll) {
  config::Config config = usual();
  config.memory = 104 * kMebi;
  const MemoryPlan small = plan_memory(config, 100'000 * kMebi);
  EXPECT_EQ(small.cache, 32 * kMebi);
  EXPECT_EQ(small.write_buffer, 8 * kMebi);
  EXPECT_EQ(small.versions, 64 * kMebi);
  config.memory = 8320 * kMebi;
  EXPECT_EQ(plan_memory(config, 512 * kMebi).cache, 2560 * kMebi) << "the operator decides";
}

TEST(MemoryPlan, TheStoreAlwaysWorks) {
  const MemoryPlan plan = plan_memory(usual(), 16 * kMebi);
  EXPECT_EQ(plan.cache, 8 * kMebi);
  EXPECT_EQ(plan.write_buffer, 4 * kMebi);
  EXPECT_EQ(plan.versions, 16 * kMebi);
}

TEST(MemoryPlan, TheSystemSaysHowMuchThereIs) { EXPECT_GT(available_memory(), 16 * kMebi); }

}  // namespace
}  // namespace posthorn::app
