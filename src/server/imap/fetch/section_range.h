#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "message/mime/section.h"
#include "message/mime/structure_view.h"
#include "service/message_octets.h"
#include "wire/imap/command/commands_message.h"

namespace posthorn::server::imap {

/// Where a section is in the octets of a message (RFC 9051 §6.4.5.1); none if there is no such
/// section. Of HEADER.FIELDS and HEADER.FIELDS.NOT it is the whole header. `structure` is only used
/// if the section has a part number.
std::optional<message::ByteRange> section_range(const service::MessageOctets& octets,
                                                const message::StructureView& structure,
                                                const wire::imap::Section& section);
std::optional<message::ByteRange> section_range(const service::MessageOctets& octets,
                                                const message::StructureView& structure,
                                                std::span<const std::uint32_t> part,
                                                message::SectionKind kind);

}  // namespace posthorn::server::imap
