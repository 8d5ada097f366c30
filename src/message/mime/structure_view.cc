#include "message/mime/structure_view.h"

#include "message/digest/big_endian.h"
#include "message/digest/digest.h"

namespace posthorn::message {

StructureView::StructureView(std::string_view bytes) {
  if (bytes.size() < kHead + kRecord || static_cast<std::uint8_t>(bytes[0]) != kStructureVersion)
    return;
  const auto parts = load_big_endian<std::uint32_t>(bytes, 1);
  if (parts == 0 || parts > (bytes.size() - kHead) / kRecord) return;
  std::uint32_t previous = 0;
  for (std::size_t i = 0; i < kTexts; ++i) {
    const auto end = load_big_endian<std::uint32_t>(bytes, 5 + i * 4);
    if (end < previous) return;
    previous = end;
  }
  if (previous != bytes.size() - kHead - parts * kRecord) return;
  bytes_ = bytes;
  parts_ = parts;
}

std::string_view StructureView::text(std::size_t i) const {
  if (!ok()) return {};
  const auto begin = i == 0 ? 0 : load_big_endian<std::uint32_t>(bytes_, 5 + (i - 1) * 4);
  const auto end = load_big_endian<std::uint32_t>(bytes_, 5 + i * 4);
  return bytes_.substr(kHead + parts_ * kRecord + begin, end - begin);
}

std::size_t StructureView::subtree_end(std::size_t index) const {
  // Always larger than the index, whatever the record contains, so that every walk terminates.
  const auto end = load_big_endian<std::uint32_t>(bytes_, kHead + index * kRecord + 28);
  return end > index && end <= parts_ ? end : parts_;
}

std::optional<PartView> StructureView::part(std::size_t index) const {
  if (index >= parts_) return std::nullopt;
  const std::string_view r = bytes_.substr(kHead + index * kRecord, kRecord);
  PartView p;
  p.index = index;
  p.header_begin = load_big_endian<std::uint64_t>(r, 0);
  p.body_begin = load_big_endian<std::uint64_t>(r, 8);
  p.body_end = load_big_endian<std::uint64_t>(r, 16);
  if (p.header_begin > p.body_begin || p.body_begin > p.body_end) return std::nullopt;
  p.lines = load_big_endian<std::uint32_t>(r, 24);
  std::string_view strings = text(kStrings);
  strings.remove_prefix(
      std::min<std::size_t>(load_big_endian<std::uint32_t>(r, 32), strings.size()));
  std::size_t at = 36;
  for (std::string_view* s : {&p.type, &p.subtype, &p.encoding, &p.charset}) {
    *s = strings.substr(0, load_big_endian<std::uint16_t>(r, at));
    strings.remove_prefix(s->size());
    at += 2;
  }
  p.is_multipart = (static_cast<std::uint8_t>(r[44]) & kMultipart) != 0;
  p.is_message = (static_cast<std::uint8_t>(r[44]) & kMessage) != 0;
  return p;
}

std::optional<PartView> StructureView::child(std::size_t index, std::uint32_t number) const {
  if (index >= parts_ || number == 0) return std::nullopt;
  const std::size_t end = subtree_end(index);
  std::size_t at = index + 1;
  while (at < end && --number > 0) at = subtree_end(at);
  return at < end ? part(at) : std::nullopt;
}

std::optional<PartView> StructureView::part_at(std::span<const std::uint32_t> path) const {
  std::optional<PartView> at = part(0);
  // `at` is the root of a message, which has a part 1 even if it is not a multipart.
  bool is_root = true;
  for (const std::uint32_t number : path) {
    if (!at) return std::nullopt;
    if (!is_root && at->is_message) {
      at = child(at->index, 1);
      is_root = true;
      if (!at) return std::nullopt;
    }
    if (at->is_multipart) {
      at = child(at->index, number);
    } else if (!is_root || number != 1) {
      return std::nullopt;
    }
    is_root = false;
  }
  return at;
}

}  // namespace posthorn::message
