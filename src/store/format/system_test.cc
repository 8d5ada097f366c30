#include "store/format/system.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "async/wait.h"
#include "engine/memory/memory_engine.h"
#include "engine/rocksdb/rocksdb_engine.h"

namespace posthorn::store {
namespace {

/// Many threads at once, each adding its own rows to the same partition.
void edit_together(engine::Engine& engine) {
  constexpr int kEditors = 16;
  constexpr int kRows = 10;
  const PartitionId partition = directory_partition(0);
  std::vector<std::jthread> editors;
  for (int editor = 0; editor < kEditors; ++editor) {
    editors.emplace_back([&engine, &partition, editor] {
      for (int row = 0; row < kRows; ++row) {
        const std::string key = fmt::format("u{}-{}", editor, row);
        const Status done =
            edit_row(engine, partition, key, [&](const std::optional<std::string>& old) {
              EXPECT_FALSE(old);
              return Result<std::vector<engine::Edit>>({{key, "x"}});
            });
        EXPECT_TRUE(done) << done.error().text;
      }
    });
  }
  editors.clear();
  EXPECT_EQ(async::wait(engine.scan(partition, "", "", 10'000))->rows.size(),
            std::size_t{kEditors * kRows});
}

TEST(EditRow, ManyAtOnceInMemory) {
  engine::MemoryEngine engine;
  edit_together(engine);
}

TEST(EditRow, ManyAtOnceOnDisk) {
  std::string path = (std::filesystem::temp_directory_path() / "posthorn-system-XXXXXX").string();
  ASSERT_NE(mkdtemp(path.data()), nullptr);
  {
    auto engine = engine::open_rocksdb({.path = path + "/store"});
    ASSERT_TRUE(engine) << engine.error().text;
    edit_together(**engine);
    (*engine)->close();
  }
  std::filesystem::remove_all(path);
}

}  // namespace
}  // namespace posthorn::store
