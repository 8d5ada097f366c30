#include "engine/rocksdb/salvage/manifest_file.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"

namespace rocks = posthorn::engine::rocks;

/// The input is a number of records, each with its length in front.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  rocks::ManifestFacts facts;
  for (posthorn::ByteReader r(input); r.ok() && !r.at_end();) {
    const std::string_view record = r.bytes();
    if (r.ok()) (void)rocks::take_manifest_record(record, facts);
  }
  // Each takes several octets of a record.
  if (facts.tables.size() + facts.unused.size() + facts.families.size() > size) std::abort();
  for (const auto& [number, family] : facts.tables)
    if (facts.unused.contains(number)) std::abort();
  return 0;
}
