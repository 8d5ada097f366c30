#include <cstdlib>

#include "net/deflate.h"

// For any input, divided in any way, with or without rests in between, the same octets must come
// out.

namespace posthorn::net {
namespace {

enum class Rests : unsigned char { no, yes };

std::string inflate_in_parts(std::string_view bytes, std::size_t part, std::size_t into,
                             Rests rests) {
  constexpr std::size_t kEnough = 1U << 20;
  Inflater inflater;
  std::string out;
  std::string buffer(into, '\0');
  while (!bytes.empty() && out.size() < kEnough) {
    inflater.feed(bytes.substr(0, part));
    bytes.remove_prefix(std::min(part, bytes.size()));
    Attempt attempt;
    while ((attempt = inflater.take(buffer)).step == Step::done && out.size() < kEnough) {
      out.append(buffer.data(), attempt.count);
      if (inflater.peek().step != Step::done && rests == Rests::yes) inflater.rest();
    }
    if (attempt.step != Step::want_read) break;
    if (rests == Rests::yes) inflater.rest();
  }
  out.resize(std::min(out.size(), kEnough));
  return out;
}

}  // namespace
}  // namespace posthorn::net

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace posthorn::net;
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  const std::string whole = inflate_in_parts(bytes, bytes.size() + 1, 4096, Rests::no);
  const std::string parts = inflate_in_parts(bytes, data[0] + 1U, data[1] + 1U, Rests::yes);
  if (whole != parts) std::abort();
  return 0;
}
