#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "text/ascii.h"
#include "text/rfc2047.h"
#include "text/rfc2231.h"
#include "text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posthorn::text;
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  const std::string text = decode_words(in);
  if (!is_valid_utf8(text)) std::abort();
  if (text.find('\n') != std::string::npos) std::abort();
  if (!is_ascii(ascii_words(unfold(in)))) std::abort();
  if (!is_valid_utf8(decode_extended(in))) std::abort();
  return 0;
}
