#include "message/digest/keys_view.h"

#include "message/digest/big_endian.h"
#include "message/digest/digest.h"

namespace posthorn::message {

void PackedStrings::Iterator::load() {
  if (rest_.size() >= 2) {
    const auto length = load_big_endian<std::uint16_t>(rest_, 0);
    if (rest_.size() - 2 >= length) {
      current_ = rest_.substr(2, length);
      return;
    }
  }
  rest_ = current_ = {};
}

PackedStrings::Iterator& PackedStrings::Iterator::operator++() {
  rest_.remove_prefix(rest_.empty() ? 0 : 2 + current_.size());
  load();
  return *this;
}

PackedStrings::Iterator PackedStrings::Iterator::operator++(int) {
  const Iterator before = *this;
  ++*this;
  return before;
}

KeysView::KeysView(std::string_view bytes) {
  constexpr std::size_t kFixed = kTable + kFields * 4;
  if (bytes.size() < kFixed || static_cast<std::uint8_t>(bytes[0]) != kKeysVersion) return;
  std::uint32_t previous = 0;
  for (std::size_t i = 0; i < kFields; ++i) {
    const auto end = load_big_endian<std::uint32_t>(bytes, kTable + i * 4);
    if (end < previous) return;
    previous = end;
  }
  if (previous != bytes.size() - kFixed) return;
  bytes_ = bytes;
}

std::uint8_t KeysView::flags() const {
  return ok() ? static_cast<std::uint8_t>(bytes_[1]) : std::uint8_t{0};
}

std::optional<TextForm> KeysView::form() const {
  if ((flags() & kFormKnown) == 0) return std::nullopt;
  return TextForm{(flags() & kBareLf) != 0, (flags() & kOpenEnd) != 0,
                  (flags() & kHeader8bit) != 0};
}

Timestamp KeysView::sent() const {
  if (!ok()) return {};
  return {load_big_endian<std::int64_t>(bytes_, 2), load_big_endian<std::int16_t>(bytes_, 10)};
}

std::uint64_t KeysView::size() const {
  return ok() ? load_big_endian<std::uint64_t>(bytes_, 12) : 0;
}

std::uint64_t KeysView::header_size() const {
  return ok() ? load_big_endian<std::uint64_t>(bytes_, 20) : 0;
}

std::string_view KeysView::field(std::size_t i) const {
  if (!ok()) return {};
  const auto begin = i == 0 ? 0 : load_big_endian<std::uint32_t>(bytes_, kTable + (i - 1) * 4);
  const auto end = load_big_endian<std::uint32_t>(bytes_, kTable + i * 4);
  return bytes_.substr(kTable + kFields * 4 + begin, end - begin);
}

}  // namespace posthorn::message
