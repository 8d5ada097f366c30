#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "text/mutf7.h"
#include "text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posthorn::text;
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  if (const auto utf8 = mutf7_to_utf8(in)) {
    if (!is_valid_utf8(*utf8) || utf8_to_mutf7(*utf8) != in) std::abort();
  }
  const auto encoded = utf8_to_mutf7(in);
  if (encoded.has_value() != is_valid_utf8(in)) std::abort();
  if (encoded && mutf7_to_utf8(*encoded) != in) std::abort();
  return 0;
}
