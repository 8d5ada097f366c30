#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "message/mime/structure_view.h"

namespace posthorn::message {

/// The part of a message that BODY[section] selects (RFC 9051 §6.4.5.1). HEADER.FIELDS and
/// HEADER.FIELDS.NOT are `header`, filtered by filter_header.
enum class SectionKind : std::uint8_t {
  whole,   ///< BODY[] with an empty path: the whole message. BODY[1.2]: the part's body.
  header,  ///< The message's header, or with a path, the header of the message in a message part.
  text,    ///< The body of the same message.
  mime,    ///< The part's own header. Requires a path.
};

/// Returns the range of the section in the message; nullopt if there is no such section.
std::optional<ByteRange> find_section(const StructureView& structure,
                                      std::span<const std::uint32_t> path, SectionKind kind);

}  // namespace posthorn::message
