#include "store/format/group_page.h"

#include <bit>
#include <cstring>

#include "store/format/record.h"

namespace posthorn::store {
namespace {

// Little-endian, so that a lookup is one load on the machines we run on.
template <class Int>
Int little(Int v) {
  if constexpr (std::endian::native == std::endian::big) return std::byteswap(v);
  return v;
}

template <class Int>
void append(std::string& out, Int v) {
  v = little(v);
  out.append(reinterpret_cast<const char*>(&v), sizeof v);
}

template <class Int>
Int load(const std::string& from, std::size_t at) {
  Int v;
  std::memcpy(&v, from.data() + at, sizeof v);
  return little(v);
}

}  // namespace

std::string GroupPage::encode(std::span<const std::pair<Ordinal, std::string_view>> rows) {
  std::string out;
  append(out, static_cast<std::uint32_t>(rows.size()));
  for (const auto& [ordinal, bytes] : rows) append(out, ordinal.value);
  std::uint32_t end = 0;
  append(out, end);
  for (const auto& [ordinal, bytes] : rows)
    append(out, end += static_cast<std::uint32_t>(bytes.size()));
  for (const auto& [ordinal, bytes] : rows) out += bytes;
  return seal_page(out);
}

Result<std::shared_ptr<const GroupPage>> GroupPage::decode(std::string_view record, Judge judge) {
  auto payload = unseal_page(record);
  if (!payload) return pass(payload);
  auto page = std::make_shared<GroupPage>();
  page->payload_ = std::move(*payload);
  const auto malformed = [] { return fail(ErrorKind::corrupt, "a message page cannot be read"); };
  if (page->payload_.size() < 8) return malformed();
  page->count_ = load<std::uint32_t>(page->payload_, 0);
  const std::size_t head = 4 + page->count_ * 12 + 4;
  if (page->payload_.size() < head) return malformed();
  for (std::size_t i = 0; i < page->count_; ++i)
    if (page->offset(i) > page->offset(i + 1)) return malformed();
  if (page->payload_.size() != head + page->offset(page->count_)) return malformed();
  for (std::size_t i = 0; judge != nullptr && i < page->count_; ++i)
    page->trusted_ &= judge(page->at(i));
  return page;
}

std::uint32_t GroupPage::offset(std::size_t i) const {
  return load<std::uint32_t>(payload_, 4 + count_ * 8 + i * 4);
}

Ordinal GroupPage::ordinal_at(std::size_t i) const {
  return Ordinal(load<std::uint64_t>(payload_, 4 + i * 8));
}

std::string_view GroupPage::at(std::size_t i) const {
  const std::size_t data = 4 + count_ * 12 + 4;
  const std::uint32_t begin = offset(i);
  return std::string_view(payload_).substr(data + begin, offset(i + 1) - begin);
}

Result<std::string_view> GroupPage::find(Ordinal ordinal) const {
  if (count_ != 0 && ordinal >= ordinal_at(0)) {
    const std::uint64_t guess = ordinal.value - ordinal_at(0).value;
    if (guess < count_ && ordinal_at(guess) == ordinal) return at(guess);
    std::size_t low = 0;
    std::size_t high = std::min<std::uint64_t>(guess, count_);
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (ordinal_at(middle) < ordinal) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low < count_ && ordinal_at(low) == ordinal) return at(low);
  }
  return fail(ErrorKind::not_found, "The message is no longer stored");
}

}  // namespace posthorn::store
