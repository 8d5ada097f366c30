#include "service/cursor.h"

#include <algorithm>
#include <utility>

namespace posthorn::service {
namespace {

/// Returns whether messages up to `last` have changed.
bool has_changed_flags(const store::FlagsView& now, ModSeq since, Uid last) {
  bool changed = false;
  now.for_each_changed(since,
                       [&](std::uint32_t, const store::Member& member, const store::FlagState&) {
                         changed = changed || member.uid <= last;
                       });
  return changed;
}

}  // namespace

Cursor::Cursor(const store::FlagsView& now)
    : told_(now.mailbox().contents->shared_members()),
      flags_modseq_(now.highest_modseq()),
      whole_modseq_(flags_modseq_),
      seen_modseq_(flags_modseq_),
      told_keywords_(now.mailbox().keywords ? now.mailbox().keywords->names().size() : 0) {}

Updates Cursor::advance(const store::FlagsView& now, Tellings allowed) {
  Updates updates;
  if (!is_behind(now)) return updates;
  const Uid told_before = told_.last_uid();
  advance_members(now.mailbox(), allowed, updates);
  seen_modseq_ = now.highest_modseq();
  if ((allowed & bit(Telling::flags)) != 0) {
    advance_flags(now, updates, told_before);
  } else if (updates.exists && !has_changed_flags(now, flags_modseq_, told_before)) {
    flags_modseq_ = now.highest_modseq();  // Those of new messages are not a change.
  }
  if (flags_modseq_ < seen_modseq_) waiting_ = true;
  if (!waiting_) whole_modseq_ = seen_modseq_;
  return updates;
}

void Cursor::advance_members(const store::Mailbox& now, Tellings allowed, Updates& updates) {
  const auto& members = now.contents->shared_members();
  waiting_ = false;
  if (told_.is(members)) return;
  const Membership::Difference difference = told_.difference(*members);
  const bool tell_gone = (allowed & bit(Telling::expunges)) != 0;
  const bool tell_arrived = (allowed & bit(Telling::arrivals)) != 0;
  const Uid last = told_.last_uid();
  if (tell_gone) {
    for (const std::uint32_t position : difference.gone) {
      updates.gone.emplace_back(position + 1);
      updates.gone_uids.add(told_.uid_at(position).value);
    }
  } else if (!difference.gone.empty()) {
    waiting_ = true;
  }

  const bool whole = tell_gone || difference.gone.empty();
  if (tell_arrived && whole) {
    told_ = Membership(members);
  } else if (tell_arrived) {
    if (!told_.extend(members)) return;
  } else {
    if (difference.added > 0) waiting_ = true;
    // Arrivals are not told, so the remaining told messages must be combined.
    if (tell_gone && !difference.gone.empty()) told_ = told_.without_arrivals(members);
    return;
  }
  if (difference.added == 0) return;
  updates.exists = told_.count();
  members->for_each(members->lower_bound(Uid(last.value + 1)), members->count(),
                    [&](std::uint32_t, const store::MemberLeaf& leaf, std::uint32_t k) {
                      updates.arrived.add(leaf.uid[k]);
                    });
}

void Cursor::advance_flags(const store::FlagsView& now, Updates& updates, Uid told_before) {
  now.for_each_changed(flags_modseq_, [&](std::uint32_t, const store::Member& member,
                                          const store::FlagState& flags) {
    // The client asks for the flags of new messages itself, and it knows those that were sent in
    // responses to its own commands.
    if (member.uid > told_before ||
        std::ranges::find(own_changes_, flags.modseq) != own_changes_.end())
      return;
    const auto position = told_.position_of(member.uid);
    if (position) updates.changed.push_back({Seqnum(*position + 1), member.uid, flags});
  });
  flags_modseq_ = now.highest_modseq();
  own_changes_.clear();
}

bool Cursor::take_new_keywords(const store::Mailbox& now) {
  const std::size_t keywords = now.keywords ? now.keywords->names().size() : 0;
  return keywords > std::exchange(told_keywords_, keywords);
}

}  // namespace posthorn::service
