#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "wire/proxy/proxy_header.h"

using posthorn::wire::proxy::ProxyHeader;

namespace {

struct Read {
  bool complete = false;
  std::size_t taken = 0;
  std::string client;
  bool operator==(const Read&) const = default;
};

Read read(std::string_view input, std::size_t step) {
  ProxyHeader header;
  Read read;
  while (header.wanted() > 0) {
    const std::string_view next = input.substr(read.taken, std::min(header.wanted(), step));
    if (next.empty() || !header.feed(next)) return {};
    read.taken += next.size();
    if (read.taken > ProxyHeader::kMaxV2) std::abort();
  }
  read.complete = true;
  read.client = header.client().value_or("");
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (read(input, size + 1) != read(input, 1)) std::abort();
  return 0;
}
