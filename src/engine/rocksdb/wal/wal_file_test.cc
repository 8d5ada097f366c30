#include "engine/rocksdb/wal/wal_file.h"

#include <fstream>
#include <iterator>

#include "engine/conformance_fixture.h"
#include "engine/rocksdb/wal/crc32c.h"
#include "engine/rocksdb/wal/wal_marks.h"

namespace posthorn::engine::rocks {
namespace {

using conformance::TempFolder;

TEST(Crc32c, HasTheValuesOfItsRfc) {
  // RFC 3720 appendix B.4.
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xe3069283U);
}

/// The relevant parts of a write batch: its number, a count of one, and bytes.
std::string batch(std::uint8_t number, std::size_t bytes) {
  std::string out(12, '\0');
  out[0] = static_cast<char>(number);
  out[8] = 1;
  return out + std::string(bytes, static_cast<char>('a' + number));
}

struct Got {
  std::vector<std::string> batches;
  std::vector<OctetRange> places;
  WalScan scan;
};

Got scan(const std::string& path) {
  Got got;
  auto scanned = scan_wal(path, [&](const WalRecord& record) {
    got.batches.emplace_back(record.batch);
    got.places.push_back(record.place);
  });
  EXPECT_TRUE(scanned);
  if (scanned) got.scan = *scanned;
  return got;
}

std::vector<std::string> write_log(const std::string& path) {
  std::vector<std::string> batches;
  // Within a block, over several blocks, and with various amounts of space left at a block's end.
  for (const std::size_t bytes : {0UL, 10UL, 32717UL, 5UL, 100'000UL, 1UL, 30'000UL, 2700UL, 20UL})
    batches.push_back(batch(static_cast<std::uint8_t>(batches.size() + 1), bytes));
  auto writer = WalWriter::create(path);
  EXPECT_TRUE(writer);
  for (const std::string& each : batches) EXPECT_TRUE(writer->add(each));
  EXPECT_TRUE(writer->finish());
  return batches;
}

void flip(const std::string& path, std::uint64_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const char was = static_cast<char>(file.get());
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(was ^ 0x40));
}

TEST(WalFile, ReadsWhatItWrote) {
  const TempFolder folder;
  const std::string path = folder.path() + "/000001.log";
  const auto batches = write_log(path);
  const Got got = scan(path);
  EXPECT_EQ(got.batches, batches);
  EXPECT_TRUE(got.scan.damaged.empty());
  EXPECT_EQ(got.places.back().end, got.scan.size);
}

TEST(WalFile, ADamagedRecordCostsItselfAlone) {
  const TempFolder folder;
  const std::string path = folder.path() + "/000001.log";
  const auto batches = write_log(path);
  const Got whole = scan(path);
  for (std::size_t n = 0; n < batches.size(); ++n) {
    write_log(path);
    flip(path, whole.places[n].end - 1);
    const Got got = scan(path);
    auto expected = batches;
    expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(n));
    EXPECT_EQ(got.batches, expected) << n;
    ASSERT_EQ(got.scan.damaged.size(), 1U) << n;
    EXPECT_EQ(got.scan.damaged.front(), whole.places[n]) << n;
  }
}

TEST(WalFile, WhereverItIsCutWhatLiesBeforeIsRead) {
  const TempFolder folder;
  const std::string path = folder.path() + "/000001.log";
  const auto batches = write_log(path);
  const Got whole = scan(path);
  for (std::uint64_t size = whole.scan.size; size > 0; size -= std::min<std::uint64_t>(size, 997)) {
    std::filesystem::resize_file(path, size);
    const Got got = scan(path);
    std::size_t before = 0;
    while (before < batches.size() && whole.places[before].end <= size) ++before;
    ASSERT_EQ(got.batches.size(), before) << size;
    const bool clean = before > 0 && whole.places[before - 1].end == size;
    EXPECT_EQ(got.scan.damaged.empty(), clean) << size;
  }
}

TEST(WalFile, DamageAnywhereIsFoundAndNothingIsMadeUp) {
  const TempFolder folder;
  const std::string path = folder.path() + "/000001.log";
  const auto batches = write_log(path);
  for (std::uint64_t at = 0; at < scan(path).scan.size; at += 501) {
    write_log(path);
    flip(path, at);
    const Got got = scan(path);
    for (const std::string& each : got.batches)
      EXPECT_NE(std::ranges::find(batches, each), batches.end()) << at;
    EXPECT_TRUE(got.batches.size() < batches.size() || got.scan.damaged.empty()) << at;
  }
}

TEST(WalFile, AClaimIsReadFromTheFirstEntryOnly) {
  const TempFolder folder;
  const std::string path = folder.path() + "/000001.log";
  const std::string claim = format_claim({7, 123'456});
  const std::string entry = std::string("\x03") + static_cast<char>(claim.size()) + claim;
  auto writer = WalWriter::create(path);
  ASSERT_TRUE(writer && writer->add(batch(1, 0) + entry + "more") &&
              writer->add(batch(2, 3) + entry) && writer->finish());
  std::vector<std::optional<SyncedMark>> claims;
  ASSERT_TRUE(scan_wal(path, [&](const WalRecord& record) {
    claims.push_back(record.claim);
    if (record.claim) EXPECT_EQ(without_claim(record.batch), batch(1, 0) + "more");
  }));
  ASSERT_EQ(claims.size(), 2U);
  EXPECT_EQ(claims[0], (SyncedMark{7, 123'456}));
  EXPECT_EQ(claims[1], std::nullopt);
}

TEST(WalMarks, OneOfTwoSlotsIsAlwaysWhole) {
  const TempFolder folder;
  WalMarks marks{5, 6, {}};
  WalMarkFile file(folder.path());
  EXPECT_FALSE(file.read());
  for (std::uint64_t n = 1; n <= 100; ++n) {
    marks.set({n, n * 10});
    ASSERT_TRUE(file.write(marks));
  }
  EXPECT_EQ(marks.logs.size(), WalMarks::kMaxLogs);
  EXPECT_EQ(WalMarkFile(folder.path()).read()->of(100), 1000U);
  // The newest slot is torn: the one before it counts.
  for (const std::uint64_t slot : {0UL, 1024UL}) {
    flip(folder.path() + "/SYNCED", slot + 40);
    const auto read = WalMarkFile(folder.path()).read();
    if (slot == 0) {
      ASSERT_TRUE(read);
      EXPECT_EQ(read->of(99), 990U);
      EXPECT_EQ(read->manifest, 5U);
      EXPECT_EQ(read->next_manifest, 6U);
      EXPECT_EQ(read->of(100), 0U);
    } else {
      EXPECT_FALSE(read);
    }
  }
}

TEST(WalMarks, KnowsTheManifestThatCurrentNames) {
  EXPECT_EQ(manifest_named_by("MANIFEST-000012\n"), 12U);
  for (const char* other : {"", "MANIFEST-000012", "MANIFEST-\n", "MANIFEST-12x\n", "000012\n"})
    EXPECT_EQ(manifest_named_by(other), std::nullopt) << other;
}

}  // namespace
}  // namespace posthorn::engine::rocks
