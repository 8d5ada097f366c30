#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "message/mime/structure_view.h"

namespace posthorn::message {

/// What of a part BODY[section] asks for (RFC 9051 §6.4.5.1). HEADER.FIELDS and its NOT are
/// `header`, filtered by filter_header.
enum class SectionKind : std::uint8_t {
  whole,   ///< BODY[] with an empty path: all of the message. BODY[1.2]: the part's body.
  header,  ///< The message's header, or with a path that of the message in a message part.
  text,    ///< The same message's body.
  mime,    ///< The part's own header; needs a path.
};

/// Where the section's octets are in the message. nullopt: there is no such section.
std::optional<ByteRange> find_section(const StructureView& structure,
                                      std::span<const std::uint32_t> path, SectionKind kind);

}  // namespace posthorn::message
