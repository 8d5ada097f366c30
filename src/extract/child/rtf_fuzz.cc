#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "extract/child/rtf.h"

// Any octets as a document in Rich Text Format: no crash, and not more text than the limit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posthorn::extract;
  constexpr std::size_t kMost = 10'000;
  std::size_t octets = 0;
  TextOutput out(
      [&](std::string_view text) {
        octets += text.size();
        return true;
      },
      kMost);
  const std::string_view document(reinterpret_cast<const char*>(data), size);
  (void)extract_rtf(document, out);
  // Most of what is tried does not begin like a document; give it a beginning.
  (void)extract_rtf("{\\rtf1" + std::string(document), out);
  out.flush();
  if (octets > kMost) std::abort();
  return 0;
}
