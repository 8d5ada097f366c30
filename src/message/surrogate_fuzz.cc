#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "message/surrogate.h"
#include "text/ascii.h"

using posthorn::message::HeaderField;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view block(reinterpret_cast<const char*>(data), size);
  posthorn::message::HeaderIterator fields(block);
  for (HeaderField field; fields.next(field);) {
    const std::string out = posthorn::message::ascii_field(field);
    if (!posthorn::text::is_ascii(out)) std::abort();
    if (posthorn::text::is_ascii(field.whole) && out != field.whole) std::abort();
    // An encoded-word of 75 octets holds at least ten octets of text; other text becomes at most
    // three times as long.
    if (out.size() > 200 + field.whole.size() * 12) std::abort();
  }
  return 0;
}
