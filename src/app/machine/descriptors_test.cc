#include "app/machine/descriptors.h"

#include <gtest/gtest.h>

namespace posthorn::app {
namespace {

config::Config asking_for(std::uint64_t connections, std::uint64_t engine_files) {
  config::Config config;
  config.limits.connections = connections;
  config.storage.max_open_files = engine_files;
  config.relay.connections = 4;
  return config;
}

TEST(Descriptors, WithEnoughEverybodyGetsWhatWasConfigured) {
  const auto given = divide_descriptors(100'000, asking_for(50'000, 1000));
  ASSERT_TRUE(given);
  EXPECT_EQ(given->engine_files, 1000U);
  EXPECT_EQ(given->connections, 50'000U);
}

TEST(Descriptors, WithFewTheStoreKeepsItsShare) {
  for (const std::uint64_t limit : {128UL, 200UL, 256UL, 1024UL, 4096UL, 20'000UL}) {
    const auto given = divide_descriptors(limit, asking_for(50'000, 1000));
    ASSERT_TRUE(given) << limit;
    EXPECT_GE(given->engine_files, 20U);
    EXPECT_GE(given->connections, 20U) << limit;
    EXPECT_LE(given->engine_files + given->connections + 20, limit);
    // Even if every descriptor below the bound belonged to a connection, the engine would have its
    // own.
    EXPECT_GE(limit - static_cast<std::uint64_t>(given->below), given->engine_files);
    EXPECT_GT(static_cast<std::uint64_t>(given->below), given->connections);
  }
}

TEST(Descriptors, TooFewAreRefusedWithWordsThatHelp) {
  const auto given = divide_descriptors(64, asking_for(50'000, 1000));
  ASSERT_FALSE(given);
  EXPECT_NE(given.error().text.find("ulimit -n"), std::string::npos);
}

}  // namespace
}  // namespace posthorn::app
