#include "search/text_numbers.h"

#include "base/seeded_hash.h"

namespace posthorn::search {
namespace {

constexpr std::size_t kFirstSlots = 1024;

constexpr std::uint32_t tag_of(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

TextNumbers::TextNumbers() : seed_(process_seed()), slots_(kFirstSlots) {}

std::uint32_t TextNumbers::number(std::string_view text) {
  const std::uint64_t hash = seeded_hash(text, seed_);
  Slot& slot = slot_for(hash, text);
  if (slot.number != kEmpty) return slot.number;
  const std::uint32_t number = count();
  slot = {tag_of(hash), number};
  hashes_.push_back(hash);
  texts_ += text;
  ends_.push_back(texts_.size());
  if (hashes_.size() * 2 > slots_.size()) grow();
  return number;
}

/// The slot where the text is, or where it would be inserted.
TextNumbers::Slot& TextNumbers::slot_for(std::uint64_t hash, std::string_view text) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].number != kEmpty &&
         (slots_[at].tag != tag_of(hash) || text_of(slots_[at].number) != text))
    at = (at + 1) & mask;
  return slots_[at];
}

void TextNumbers::grow() {
  std::vector<Slot> larger(slots_.size() * 4);
  const std::size_t mask = larger.size() - 1;
  for (std::uint32_t number = 0; number < count(); ++number) {
    std::size_t at = hashes_[number] & mask;
    while (larger[at].number != kEmpty) at = (at + 1) & mask;
    larger[at] = {tag_of(hashes_[number]), number};
  }
  slots_ = std::move(larger);
}

}  // namespace posthorn::search
