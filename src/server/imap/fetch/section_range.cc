#include "server/imap/fetch/section_range.h"

namespace posthorn::server::imap {
namespace {

using message::ByteRange;
using message::SectionKind;
using Text = wire::imap::Section::Text;

SectionKind kind_of(Text text) {
  switch (text) {
    case Text::whole: return SectionKind::whole;
    case Text::header:
    case Text::header_fields:
    case Text::header_fields_not: return SectionKind::header;
    case Text::text: return SectionKind::text;
    case Text::mime: return SectionKind::mime;
  }
  return SectionKind::whole;
}

}  // namespace

std::optional<ByteRange> section_range(const service::MessageOctets& octets,
                                       const message::StructureView& structure,
                                       const wire::imap::Section& section) {
  const SectionKind kind = kind_of(section.text);
  if (!section.part.empty()) return section_range(octets, structure, section.part, kind);
  switch (kind) {
    case SectionKind::whole: return ByteRange{0, octets.size()};
    case SectionKind::header: return ByteRange{0, octets.header_size()};
    case SectionKind::text: return ByteRange{octets.header_size(), octets.size()};
    case SectionKind::mime: return std::nullopt;
  }
  return std::nullopt;
}

// The structure describes the message as it was received. The fields that delivery prepended are
// part of the stored header and shift all later offsets.
std::optional<ByteRange> section_range(const service::MessageOctets& octets,
                                       const message::StructureView& structure,
                                       std::span<const std::uint32_t> part, SectionKind kind) {
  const auto root = structure.part_at({});
  auto range = message::find_section(structure, part, kind);
  if (!root || !range || root->body_begin > octets.header_size()) return std::nullopt;
  const std::uint64_t moved = octets.header_size() - root->body_begin;
  range->begin += moved;
  range->end += moved;
  return range->end <= octets.size() ? range : std::nullopt;
}

}  // namespace posthorn::server::imap
