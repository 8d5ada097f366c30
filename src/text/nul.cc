#include "text/nul.h"

#include <cstring>

namespace posthorn::text {

void append_without_nul(std::string& out, std::string_view piece) {
  const std::size_t start = out.size();
  out.append(piece);
  char* at = out.data() + start;
  char* const end = out.data() + out.size();
  while (at != end) {
    const auto left = static_cast<std::size_t>(end - at);
    char* const nul = static_cast<char*>(std::memchr(at, '\0', left));
    if (nul == nullptr) return;
    // NULs usually come in runs; a call for each would be slow.
    for (at = nul; at != end && *at == '\0'; ++at) *at = kNulSubstitute;
  }
}

}  // namespace posthorn::text
