#include "message/mime/section.h"

namespace posthorn::message {

std::optional<ByteRange> find_section(const StructureView& structure,
                                      std::span<const std::uint32_t> path, SectionKind kind) {
  const std::optional<PartView> part = structure.part_at(path);
  if (!part) return std::nullopt;
  if (kind == SectionKind::whole)
    return path.empty() ? ByteRange{part->header_begin, part->body_end} : part->body();
  if (kind == SectionKind::mime) return path.empty() ? std::nullopt : std::optional(part->header());
  std::optional<PartView> root = part;
  if (!path.empty()) {
    if (!part->is_message) return std::nullopt;
    root = structure.child(part->index, 1);
  }
  if (!root) return std::nullopt;
  return kind == SectionKind::header ? root->header() : root->body();
}

}  // namespace posthorn::message
