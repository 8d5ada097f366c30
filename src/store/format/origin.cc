#include "store/format/origin.h"

#include <algorithm>

#include "base/bytes.h"
#include "engine/engine.h"

namespace posthorn::store {
namespace {

/// Returns how long the column is without the EMAILID. It is the column's own size if it is
/// damaged.
std::size_t size_of_list(std::string_view body) {
  constexpr std::size_t kName = sizeof(engine::PieceName::bytes);
  ByteReader r(body);
  r.varint();  // The size of the prefix.
  r.bytes();   // The hash.
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    const bool inside = std::ranges::all_of(r.raw(kName), [](char c) { return c == 0; });
    r.varint();
    if (inside) r.bytes();  // The body itself.
  }
  return r.ok() ? body.size() - r.rest().size() : body.size();
}

}  // namespace

std::string with_origin(std::string_view body, std::string_view email_id) {
  std::string out(body.substr(0, size_of_list(body)));
  ByteWriter(out).bytes(email_id);
  return out;
}

std::string_view origin_of(std::string_view body) {
  const std::string_view more = body.substr(size_of_list(body));
  if (more.empty()) return {};
  ByteReader r(more);
  const std::string_view id = r.bytes();
  return r.ok() && id.size() <= kMaxOrigin ? id : std::string_view{};
}

}  // namespace posthorn::store
