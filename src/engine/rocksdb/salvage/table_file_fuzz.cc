#include "engine/rocksdb/salvage/table_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "engine/rocksdb/salvage/merge.h"
#include "engine/rocksdb/salvage/test_table.h"

namespace rocks = posthorn::engine::rocks;

namespace {

/// A file in memory.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view octets) : fd_(memfd_create("table", MFD_CLOEXEC)) {
    if (fd_ < 0) std::abort();
    while (!octets.empty()) {
      const ssize_t n = ::write(fd_, octets.data(), octets.size());
      if (n <= 0) std::abort();
      octets.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  const int fd_;
};

/// Octets alone hardly ever have a right checksum. So the input says how they become a table: as
/// they are, as one block, as several, or as a block and an index.
std::string table_from(std::string_view input) {
  namespace test = rocks::test;
  if (input.empty()) return {};
  const auto how = static_cast<std::uint8_t>(input[0]);
  input.remove_prefix(1);
  if (how % 4 == 0) return std::string(input);
  const std::size_t half = input.size() / 2;
  const std::string first(input.substr(0, half));
  const std::string second(input.substr(half));
  if (how % 4 == 1) return test::table_of(test::with_trailer(first), second);
  std::string data = test::with_trailer(first);
  if (how % 8 >= 4) data += "damaged";
  data += test::with_trailer(second);
  return test::table_of(std::move(data),
                        how % 4 == 2 ? test::index_of({first.size(), second.size()}) : "lost");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string octets = table_from({reinterpret_cast<const char*>(data), size});
  const MemoryFile file(octets);
  constexpr std::uint64_t kSteps = 2'000'000;
  const rocks::TableFamily known{1, "rows"};
  auto table = rocks::TableFile::open(file.path(), known, kSteps);
  if (!table) return 0;
  std::size_t entries = 0;
  while ((*table)->next()) {
    // Every entry takes three octets at least, and a packed block unpacks to 255 times its size.
    if (++entries > 255 * (octets.size() + 1)) std::abort();
    (void)(*table)->key();
    (void)(*table)->sequence();
    (void)(*table)->kind();
  }
  if ((*table)->next()) std::abort();
  if ((*table)->given_up() > octets.size()) std::abort();
  std::vector<std::unique_ptr<rocks::TableFile>> tables;
  for (int i = 0; i < 2; ++i) {
    auto again = rocks::TableFile::open(file.path(), known, kSteps);
    if (again) tables.push_back(std::move(*again));
  }
  rocks::Merge merge("/nowhere", std::move(tables), nullptr);
  (void)merge.run([](std::string_view, std::string) { return posthorn::Status(); });
  return 0;
}
