#include "store/value/flags_view.h"

namespace posthorn::store {

std::optional<std::uint32_t> FlagsView::first_unseen() const {
  if (unseen() == 0) return std::nullopt;
  constexpr std::uint32_t kStep = 4096;
  const std::uint32_t count = mailbox_->contents->count();
  std::optional<std::uint32_t> found;
  for (std::uint32_t at = 0; at < count && !found; at += kStep) {
    for_each(
        at, std::min(at + kStep, count),
        [&](std::uint32_t position, const MemberLeaf&, const FlagLeaf& flags, std::uint32_t k) {
          if (!found && (flags.system[k] & bit(SystemFlag::seen)) == 0) found = position;
        });
  }
  return found;
}

FlagLeaf FlagsView::shown_leaf(const MemberLeaf& members, const FlagLeaf& stored) const {
  FlagLeaf shown = stored;
  for (std::uint32_t k = 0; k < members.count; ++k) {
    const FlagState flags = own_->shown(Uid(members.uid[k]), stored.at(k));
    shown.modseq[k] = flags.modseq.value;
    shown.system[k] = flags.system;
    shown.keywords[k] = flags.keywords;
  }
  return shown;
}

std::vector<std::uint32_t> FlagsView::changed_since(ModSeq since) const {
  std::vector<std::uint32_t> positions;
  mailbox_->contents->for_each_changed(
      since, [&](std::uint32_t position, const Member&, const FlagState&) {
        positions.push_back(position);
      });
  const std::vector<std::uint32_t> own =
      mailbox_->contents->members().positions_of(own_->changed_since(since));
  positions.insert(positions.end(), own.begin(), own.end());
  std::ranges::sort(positions);
  positions.erase(std::ranges::unique(positions).begin(), positions.end());
  return positions;
}

}  // namespace posthorn::store
