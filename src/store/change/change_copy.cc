#include <map>

#include "store/change/change.h"
#include "store/change/touched.h"
#include "store/value/move_out.h"

// COPY and MOVE within an account, and the notes of moves to others.
namespace posthorn::store {

/// Flags that are everybody's own in the target stay what they are for everybody who can see it.
/// Removes the messages.
Result<std::vector<UidPair>> Change::move_positions(Touched& source, Touched& target,
                                                    const std::vector<std::uint32_t>& positions,
                                                    const FlagMask& mask) {
  const OwnFlags own = own_flags(target);
  const std::shared_ptr<const Contents> base = source.now.contents;
  auto pairs = copy_rows(source, target, positions, {own, mask});
  if (!pairs) return pairs;
  if (own.any() && source.now.readers != nullptr) {
    std::vector<Carried> moved;
    for (std::size_t i = 0; i < positions.size(); ++i)
      moved.push_back({(*pairs)[i].source, (*pairs)[i].target, base->flags_at(positions[i])});
    carry_flags(source, target, moved);
  }
  remove(source, positions);
  return pairs;
}

Result<std::vector<UidPair>> Change::copy_rows(Touched& source, Touched& target,
                                               const std::vector<std::uint32_t>& positions,
                                               const CopyFlags& how) {
  const ReaderFlags* const viewed = flags_of(source, viewer());
  const OwnFlags& as_stored = how.as_stored;
  const std::shared_ptr<const Contents> base = source.now.contents;
  if (positions.size() >= UINT32_MAX - target.now.head.uid_next.value)
    return fail(ErrorKind::limit, "The mailbox has no UIDs left");
  const std::shared_ptr<const KeywordTable> table = source.now.keywords;
  const KeywordsView from(*table, viewed == nullptr ? nullptr : &viewed->keywords);
  std::map<std::uint32_t, std::uint32_t> sets;
  std::vector<std::pair<Member, FlagState>> rows;
  std::vector<UidPair> pairs;
  rows.reserve(positions.size());
  pairs.reserve(positions.size());
  Uid next = target.now.head.uid_next;
  for (const std::uint32_t position : positions) {
    const Members::Slot slot = base->members().slot_of(position);
    const FlagState stored = base->flags().at(slot);
    const FlagState shown =
        viewed == nullptr ? stored : viewed->shown(base->members().uid_at(position), stored);
    FlagState flags = stored;
    flags.system = static_cast<SystemFlags>(
        (stored.system & as_stored.system) |
        (shown.system & how.mask.system & static_cast<SystemFlags>(~as_stored.system)));
    if (!as_stored.keywords) flags.keywords = how.mask.keywords ? shown.keywords : 0;
    if (flags.keywords != 0 && (&source != &target || flags.keywords >= kFirstOwnSet)) {
      auto known = sets.find(flags.keywords);
      if (known == sets.end()) {
        auto made = intern(target, from.names_of(flags.keywords));
        if (!made) return pass(made);
        known = sets.emplace(flags.keywords, *made).first;
      }
      flags.keywords = known->second;
    }
    rows.emplace_back(base->members().at(slot), flags);
    pairs.push_back({rows.back().first.uid, next});
    ++next;
  }
  // Those that are everybody's own there are taken as stored only by a move.
  if (as_stored.any()) {
    place(target, rows);
  } else {
    place_as(target, std::move(rows));
  }
  return pairs;
}

Result<std::vector<UidPair>> Change::copy(MailboxId source_id, const NumberSet& uids,
                                          MailboxId target_id, const FlagMask& mask) {
  auto source = touch_contents(source_id);
  if (!source) return pass(source);
  auto target = touch(target_id);
  if (!target) return pass(target);
  const std::vector<std::uint32_t> positions =
      (*source)->now.contents->members().positions_of(uids);
  std::uint64_t bytes = 0;
  for (const std::uint32_t p : positions) bytes += (*source)->now.contents->members().at(p).size;
  if (Status ok = check_room(bytes, positions.size()); !ok) return pass(ok);
  return copy_rows(**source, **target, positions, {{}, mask});
}

Result<std::vector<UidPair>> Change::move(MailboxId source_id, const NumberSet& uids,
                                          MailboxId target_id, const FlagMask& mask) {
  auto source = touch_contents(source_id);
  if (!source) return pass(source);
  auto target = touch(target_id);
  if (!target) return pass(target);
  // The account does not grow, so the quota is not checked: a full account can still be cleaned up.
  const std::vector<std::uint32_t> positions =
      (*source)->now.contents->members().positions_of(uids);
  return move_positions(**source, **target, positions, mask);
}

Seq Change::begin_move(const MoveOut& move) {
  auto noted = std::make_shared<MoveOut>(move);
  noted->id = draft_.seq;
  moves_.emplace_back(noted->id, noted);
  return noted->id;
}

void Change::end_move(Seq id) { moves_.emplace_back(id, nullptr); }

}  // namespace posthorn::store
