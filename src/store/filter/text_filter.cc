#include "store/filter/text_filter.h"

#include <algorithm>
#include <bit>

#include "store/filter/filter_block.h"
#include "store/read/email_catalog.h"
#include "store/store.h"
#include "store/upkeep/attachments.h"

namespace posthorn::store {
namespace {

/// Reading a filter costs about as much as reading this many messages.
constexpr std::size_t kWorthwhile = 8;

/// A filter never covers a longer range of ordinals.
constexpr std::uint64_t kLongestRange = std::uint64_t{1} << 20;

/// The messages of one filter that are looked for.
struct Asked {
  const FilterRef* ref = nullptr;
  std::size_t messages = 0;
};

/// Returns the filters that are worth reading, and whether messages are in a group without a
/// filter, or with one that does not know the text of attachments although it is searched.
std::vector<Asked> filters_for(std::span<const Ordinal> ordinals, const FilterCatalog::Refs& refs,
                               const EmailCatalog::Groups& groups, bool attachments,
                               bool& incomplete) {
  std::vector<Asked> asked;
  for (const FilterRef& ref : refs) asked.push_back({&ref, 0});
  std::size_t at = refs.size();  // Of the filter of the message before; it is usable.
  for (const Ordinal ordinal : ordinals) {
    if (at >= refs.size() || ordinal < refs[at].first || refs[at].last < ordinal) {
      const FilterRef* ref = FilterCatalog::find(refs, ordinal);
      if (ref == nullptr || !ref->is_usable()) {
        incomplete = incomplete || EmailCatalog::find(groups, ordinal) != nullptr;
        continue;
      }
      at = static_cast<std::size_t>(ref - refs.data());
      incomplete = incomplete || (attachments && !ref->has_attachments());
    }
    ++asked[at].messages;
  }
  std::erase_if(asked, [](const Asked& a) { return a.messages < kWorthwhile; });
  return asked;
}

}  // namespace

TextFilter::TextFilter(AccountPtr account, std::vector<std::vector<Gram>> needles)
    : account_(std::move(account)), needles_(std::move(needles)) {
  if (needles_.size() > kMostNeedles) needles_.resize(kMostNeedles);
}

async::Task<void> TextFilter::load(std::span<const Ordinal> ordinals) {
  EmailCatalog& emails = account_->emails();
  const bool attachments = are_attachments_searched(account_->store());
  for (const bool again : {false, true}) {
    blocks_.clear();
    incomplete_ = false;
    auto groups = co_await emails.load(again);
    auto refs = co_await emails.filters().load(again);
    if (!groups || !refs) co_return;  // Whoever needs the messages reports the error.
    bool replaced = false;
    for (const Asked& asked : filters_for(ordinals, **refs, **groups, attachments, incomplete_)) {
      const Read outcome = co_await read(*asked.ref);
      if (outcome == Read::done) continue;
      incomplete_ = true;
      // A page disappears when its filter is merged with others. The list has changed then, too.
      replaced = replaced || (outcome == Read::not_found && !again);
      if (outcome == Read::unusable || again) emails.filters().note_damaged(asked.ref->first);
    }
    if (!replaced) co_return;
  }
}

async::Task<TextFilter::Read> TextFilter::read(FilterRef ref) {
  const std::uint64_t count = ref.last.value - ref.first.value + 1;
  if (account_->emails().filters().is_damaged(ref.first)) co_return Read::unusable;
  if (count > kLongestRange || ref.parts == 0) co_return Read::unusable;
  const auto part_bits = static_cast<unsigned>(std::bit_width(ref.parts) - 1);
  // The directory, and each part that is needed once.
  std::vector<PageNumber> numbers = {ref.page};
  std::vector<std::size_t> place(ref.parts);  // In `numbers`; 0: not needed.
  for (const auto& grams : needles_) {
    for (const Gram gram : grams) {
      const std::size_t part = gram >> (kGramBits - part_bits);
      if (part >= place.size() || place[part] != 0) continue;
      place[part] = numbers.size();
      numbers.emplace_back(ref.page.value + 1 + part);
    }
  }
  engine::Blobs pages = co_await account_->store().engine().read_pages(account_->id(), numbers);
  for (const auto& page : pages)
    if (!page && page.error().kind == ErrorKind::not_found) co_return Read::not_found;
  if (!pages.front()) co_return Read::unusable;
  auto directory = FilterDirectory::decode(ref.first, ref.last, *pages.front());
  if (!directory || directory->parts() != ref.parts) co_return Read::unusable;
  std::vector<std::string> parts(numbers.size());
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    auto part = pages[i] ? directory->open_part(*pages[i]) : std::move(pages[i]);
    if (!part) co_return Read::unusable;
    parts[i] = std::move(*part);
  }
  Block& block = blocks_.emplace_back(Block{ref.first, ref.last, std::vector<Needles>(count)});
  for (std::size_t n = 0; n < needles_.size(); ++n) {
    if (needles_[n].empty()) continue;
    FilterColumns columns(*directory);
    for (const Gram gram : needles_[n])
      columns.narrow(gram, parts[place[directory->part_of(gram)]]);
    columns.for_each_absent(
        [&](Ordinal ordinal) { block.absent[ordinal.value - ref.first.value] |= Needles{1} << n; });
  }
  co_return Read::done;
}

TextFilter::Needles TextFilter::absent(Ordinal ordinal, std::size_t& hint) const {
  const auto in = [&](const Block& b) { return b.first <= ordinal && ordinal <= b.last; };
  if (hint >= blocks_.size() || !in(blocks_[hint])) {
    const auto it = std::ranges::upper_bound(blocks_, ordinal, {}, &Block::first);
    if (it == blocks_.begin() || !in(*(it - 1))) return 0;
    hint = static_cast<std::size_t>(it - 1 - blocks_.begin());
  }
  const Block& block = blocks_[hint];
  return block.absent[ordinal.value - block.first.value];
}

}  // namespace posthorn::store
