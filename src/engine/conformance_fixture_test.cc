#include <unistd.h>

#include "async/offload.h"
#include "engine/cluster/cluster.h"
#include "engine/conformance_fixture.h"
#include "engine/faulty/faulty_engine.h"
#include "engine/memory/memory_engine.h"
#include "engine/rados/test_store.h"
#include "engine/rocksdb/rocksdb_engine.h"

namespace posthorn::engine::conformance {
namespace {

class MemoryUnderTest final : public EngineUnderTest {
 public:
  std::unique_ptr<Engine> open() override { return std::make_unique<MemoryEngine>(); }
  [[nodiscard]] bool keeps() const override { return false; }
};

class FaultyUnderTest final : public EngineUnderTest {
 public:
  std::unique_ptr<Engine> open() override {
    return std::make_unique<FaultyEngine>(std::make_unique<MemoryEngine>());
  }
  [[nodiscard]] bool keeps() const override { return false; }
};

/// One node of a cluster, over an unreliable network.
class ClusterUnderTest final : public EngineUnderTest {
 public:
  std::unique_ptr<Engine> open() override { return cluster_.make_node(); }
  [[nodiscard]] bool keeps() const override { return false; }

 private:
  Cluster cluster_{{.seed = 7,
                    .longest_delay = std::chrono::microseconds(50),
                    .patience = std::chrono::microseconds(1000)}};
};

/// The write buffers are part of the cache; blobs, which are evicted first, need what they leave.
class RocksDbUnderTest : public EngineUnderTest {
 public:
  RocksDbUnderTest() : RocksDbUnderTest(8 << 20, 1024) {}
  std::unique_ptr<Engine> open() override {
    auto opened = open_rocksdb({.path = folder_.path() + "/data",
                                .cache_bytes = cache_bytes_,
                                .write_buffer_bytes = 2 << 20,
                                .max_open_files = max_open_files_,
                                .pool = &pool_});
    EXPECT_TRUE(opened) << opened.error().text << ": " << opened.error().cause;
    return opened ? std::move(*opened) : nullptr;
  }
  [[nodiscard]] bool keeps() const override { return true; }

 protected:
  RocksDbUnderTest(std::size_t cache_bytes, int max_open_files)
      : cache_bytes_(cache_bytes), max_open_files_(max_open_files) {}

 private:
  const std::size_t cache_bytes_;
  const int max_open_files_;
  TempFolder folder_;
  async::OffloadPool pool_{4, 100};
};

/// So few open files that most tables are not open after a start.
class FewFilesUnderTest final : public RocksDbUnderTest {
 public:
  FewFilesUnderTest() : RocksDbUnderTest(8 << 20, 20) {}
};

/// So little cache that blocks, indexes and filters are constantly evicted.
class SmallCacheUnderTest final : public RocksDbUnderTest {
 public:
  SmallCacheUnderTest() : RocksDbUnderTest(2 << 20, 1024) {}
};

/// In the cluster of POSTHORN_CEPH_CONF.
class RadosUnderTest final : public EngineUnderTest {
 public:
  std::unique_ptr<Engine> open() override {
    auto opened = open_rados(store_.options);
    EXPECT_TRUE(opened) << opened.error().text << ": " << opened.error().cause;
    return opened ? std::move(*opened) : nullptr;
  }
  [[nodiscard]] bool keeps() const override { return true; }
  [[nodiscard]] bool remembers_reads() const override { return false; }

 private:
  rados::TestStore store_;
};

/// So that a run without a cluster says what it leaves out.
TEST(RadosConformance, IsRunWhereThereIsACluster) {
  if (rados::test_conf() == nullptr) GTEST_SKIP() << "no cluster: see tests/cluster";
}

template <class Kind>
std::unique_ptr<EngineUnderTest> make() {
  return std::make_unique<Kind>();
}

template <class Id>
Id id_of(std::uint8_t n) {
  Id id;
  id.bytes.fill(0x11);
  id.bytes[0] = n;
  id.bytes[15] = n;
  return id;
}

std::string in_brackets(const Error& error) {
  const std::string name(name_of(error.kind));
  return error.kind == ErrorKind::conflict ? "<" + name + " " + error.text + ">" : "<" + name + ">";
}

}  // namespace

std::vector<NamedEngine> conformance_engines() {
  std::vector<NamedEngine> engines{{"memory", make<MemoryUnderTest>},
                                   {"faulty", make<FaultyUnderTest>},
                                   {"cluster", make<ClusterUnderTest>},
                                   {"rocksdb", make<RocksDbUnderTest>},
                                   {"rocksdb_few_files", make<FewFilesUnderTest>},
                                   {"rocksdb_small_cache", make<SmallCacheUnderTest>}};
  if (rados::test_conf() != nullptr) engines.push_back({"rados", make<RadosUnderTest>});
  return engines;
}

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "posthorn-test-XXXXXX").string();
  if (!mkdtemp(name.data())) std::abort();
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void Conformance::reopen() {
  engine_->close();
  engine_.reset();
  engine_ = maker_->open();
  ASSERT_TRUE(engine_);
}

PartitionId partition(std::uint8_t n) { return id_of<PartitionId>(n); }
PieceName piece(std::uint8_t n) { return id_of<PieceName>(n); }
Edit put(std::string key, std::string value) { return {std::move(key), std::move(value)}; }
Edit removal(std::string key) { return {std::move(key), std::nullopt}; }

Commit change(const PartitionId& partition, std::uint64_t expect, std::vector<Edit> edits,
              std::uint64_t advance) {
  return {partition, {Seq{}, expect, 0}, advance, std::move(edits), {}};
}

PieceHold hold_of(const PieceName& name, std::string bytes, std::int64_t stamp) {
  return {name, std::move(bytes), stamp};
}

std::future<Result<PartitionVersion>> start(Engine& engine, Commit commit) {
  std::promise<Result<PartitionVersion>> promise;
  auto future = promise.get_future();
  engine.commit(std::move(commit),
                [promise = std::move(promise)](Result<PartitionVersion> outcome) mutable {
                  promise.set_value(std::move(outcome));
                });
  return future;
}

Result<PartitionVersion> commit(Engine& engine, Commit commit) {
  return start(engine, std::move(commit)).get();
}

std::string said(const Result<PartitionVersion>& outcome) {
  return outcome ? std::to_string(outcome->tail.value) : in_brackets(outcome.error());
}

std::string all_of(const Result<PartitionVersion>& outcome) {
  if (!outcome) return in_brackets(outcome.error());
  return fmt::format("{} {} {}", outcome->tail.value, outcome->revision, outcome->layout);
}

std::string said(const Result<std::string>& bytes) {
  return bytes ? *bytes : in_brackets(bytes.error());
}

std::string said(const Status& status) { return status ? "ok" : in_brackets(status.error()); }

std::string row(Engine& engine, const PartitionId& partition, const std::string& key) {
  const auto got = async::wait(engine.get_row(partition, key));
  if (!got) return in_brackets(got.error());
  return got->value_or("<none>");
}

std::string rows(Engine& engine, const PartitionId& partition, std::string_view first,
                 std::string_view last, std::size_t limit) {
  const auto scanned =
      async::wait(engine.scan(partition, std::string(first), std::string(last), limit));
  if (!scanned) return in_brackets(scanned.error());
  std::string text;
  for (const Row& found : scanned->rows) text += found.key + "=" + found.value + ";";
  return scanned->next_key ? text + "+" + *scanned->next_key : text;
}

}  // namespace posthorn::engine::conformance
