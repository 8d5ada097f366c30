#include "store/removed/removal_view.h"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "base/bytes.h"
#include "store/format/keys.h"

namespace posthorn::store {
namespace {

using async::Task;

/// UIDs begin again before they can run out.
constexpr Uid kMostUid{UINT32_MAX / 2};

Seq number_in(const std::optional<std::string>& row) {
  return Seq(row ? ByteReader(*row).u64() : 0);
}

/// The numbers that are stored, if UIDs can be counted from there.
Task<Result<std::optional<RemovalNumbers>>> read_numbers(engine::Engine& engine, PartitionId id,
                                                         Seq log_horizon, Seq last) {
  auto row = co_await engine.get_row(id, keys::removal_numbers());
  if (!row) co_return pass(row);
  if (!*row) co_return std::nullopt;
  const auto numbers = decode_removal_numbers(**row);
  if (!numbers || numbers->seq < log_horizon || numbers->seq > last || numbers->uid_next > kMostUid)
    co_return std::nullopt;
  co_return *numbers;
}

UidValidity validity_of(std::int64_t time) {
  return UidValidity(static_cast<std::uint32_t>(std::clamp<std::int64_t>(time, 1, UINT32_MAX)));
}

}  // namespace

Task<Result<RemovedMailbox::Builder::Horizon>> RemovedMailbox::Builder::read_horizon(
    engine::Engine& engine, PartitionId id, ModSeq floor) {
  std::vector<std::string> keys = {keys::horizon(), keys::content_horizon()};
  const auto rows = co_await engine.get(id, std::move(keys));
  if (!rows) co_return std::unexpected(rows.error());
  Horizon horizon;
  // What was numbered before a jump may have been lost since, and clients may have seen it.
  horizon.log = std::max(number_in((*rows)[0]), Seq(floor.value));
  horizon.content = std::max(horizon.log, number_in((*rows)[1]));
  co_return horizon;
}

Task<Result<RemovedMailbox::View>> RemovedMailbox::Builder::read(engine::Engine& engine,
                                                                 PartitionId id, const View* before,
                                                                 Horizon horizon, Seq last,
                                                                 std::int64_t now) {
  View view;
  view.content_horizon = horizon.content;
  std::optional<RemovalNumbers> known;
  const bool goes_on = before != nullptr && before->numbers.seq >= horizon.log &&
                       before->numbers.seq <= last && before->numbers.uid_next <= kMostUid;
  if (goes_on) {
    known = before->numbers;
    view.saved = before->saved;
  } else {
    auto stored = co_await read_numbers(engine, id, horizon.log, last);
    if (!stored) co_return pass(stored);
    known = *stored;
  }
  RemovalQuery query{horizon.content, last, known ? known->seq : horizon.content, kMost};
  if (goes_on) {
    query.after = known->seq;
  } else if (known) {
    query.after = std::min(known->seq, horizon.content);
  }
  auto history = co_await read_removal_history(engine, id, query);
  if (!history) co_return pass(history);

  if (known && history->damaged <= known->seq) {
    view.numbers = *known;
  } else {
    view.numbers.uid_validity = validity_of(history->first_time.value_or(now));
  }
  view.numbers.uid_next.value += static_cast<std::uint32_t>(history->after_mark);
  view.numbers.seq = last;
  if (goes_on && view.numbers.uid_validity == before->numbers.uid_validity) {
    view.entries = before->entries;
    view.deleted = before->deleted;
  }
  // Of the removals up to the mark, there may be more than there are UIDs if a record was damaged.
  auto& rows = history->rows;
  if (rows.size() >= view.numbers.uid_next.value)
    rows.erase(rows.begin(), rows.end() - (view.numbers.uid_next.value - 1));
  Uid uid(view.numbers.uid_next.value - static_cast<std::uint32_t>(rows.size()));
  for (RemovedRow& row : rows) {
    view.entries.push_back({uid, std::move(row)});
    ++uid;
  }
  std::erase_if(view.entries, [&](const Entry& entry) {
    return entry.removed.seq <= horizon.content ||
           view.numbers.uid_next.value - entry.uid.value > kMost;
  });
  view.deleted.merge(history->deleted);
  std::set<MailboxId> origins;
  for (const Entry& entry : view.entries) origins.insert(entry.removed.mailbox);
  std::erase_if(view.deleted, [&](const auto& one) { return !origins.contains(one.first); });
  co_return view;
}

RemovedMailbox::Builder::Builder(View& view, const View* before, const AccountState& state)
    : view_(view), state_(state) {
  if (before != nullptr && before->numbers.uid_validity == view.numbers.uid_validity)
    before_ = before->mailbox;
}

Mailbox RemovedMailbox::Builder::empty(const AccountState& state, const RemovalNumbers& numbers,
                                       std::string name) {
  Mailbox mailbox;
  mailbox.id = kRemovedMailbox;
  mailbox.name = std::move(name);
  mailbox.head.uid_validity = numbers.uid_validity;
  mailbox.head.uid_next = numbers.uid_next;
  mailbox.head.highest_modseq = ModSeq(std::max<std::uint64_t>(state.seq.value, 1));
  mailbox.keywords = std::make_shared<KeywordTable>();
  return mailbox;
}

void RemovedMailbox::Builder::show(const std::string& name, std::int64_t cutoff) {
  const std::vector<const Entry*> shown = choose(cutoff);
  auto mailbox = std::make_shared<Mailbox>(empty(state_, view_.numbers, name));
  auto keywords = before_ ? std::make_shared<KeywordTable>(*before_->keywords)
                          : std::make_shared<KeywordTable>();
  mailbox->contents = contents_of(shown, *keywords);
  mailbox->keywords = std::move(keywords);
  for (const Entry* entry : shown) {
    ++mailbox->head.messages;
    mailbox->head.bytes += entry->removed.row.member.size;
    if ((entry->removed.row.system & bit(SystemFlag::seen)) == 0) ++mailbox->head.unseen;
    view_.oldest = std::min(view_.oldest, entry->removed.time);
  }
  view_.mailbox = std::move(mailbox);
}

/// Returns the removals to be shown, by UID.
std::vector<const RemovedMailbox::View::Entry*> RemovedMailbox::Builder::choose(
    std::int64_t cutoff) const {
  std::vector<const Entry*> shown;
  std::unordered_set<Ordinal> gone;
  for (auto it = view_.entries.rbegin(); it != view_.entries.rend(); ++it) {
    // Where the clock was wrong, what is older may have a later time. Nothing may be shown again
    // once it has disappeared.
    if (it->removed.time < cutoff) break;
    if (gone.insert(it->removed.row.member.ordinal).second) shown.push_back(&*it);
  }
  std::ranges::reverse(shown);
  for (const auto& [id, mailbox] : state_.mailboxes) {
    if (!mailbox->contents || gone.empty()) continue;
    const Members& members = mailbox->contents->members();
    members.for_each(0, members.count(),
                     [&](std::uint32_t, const MemberLeaf& leaf, std::uint32_t k) {
                       gone.erase(Ordinal(leaf.ordinal[k]));
                     });
  }
  std::erase_if(shown, [&](const Entry* entry) {
    return !gone.contains(entry->removed.row.member.ordinal) || has_disappeared(entry->uid);
  });
  return shown;
}

bool RemovedMailbox::Builder::has_disappeared(Uid uid) const {
  return before_ && uid < before_->head.uid_next && !before_->contents->members().position_of(uid);
}

std::shared_ptr<const Contents> RemovedMailbox::Builder::contents_of(
    const std::vector<const Entry*>& shown, KeywordTable& keywords) const {
  auto base = before_ ? before_->contents : std::make_shared<const Contents>();
  const Members& members = base->members();
  std::vector<std::uint32_t> gone;
  auto next = shown.begin();
  members.for_each(0, members.count(),
                   [&](std::uint32_t position, const MemberLeaf& leaf, std::uint32_t k) {
                     if (next != shown.end() && (*next)->uid.value == leaf.uid[k]) {
                       ++next;
                     } else {
                       gone.push_back(position);
                     }
                   });
  if (gone.empty() && next == shown.end()) return base;
  TreeEditor editor(*base);
  editor.expunge(gone);
  for (; next != shown.end(); ++next) append(editor, **next, keywords);
  return std::make_shared<const Contents>(std::move(editor).finish());
}

void RemovedMailbox::Builder::append(TreeEditor& editor, const Entry& entry,
                                     KeywordTable& keywords) const {
  const RemovedRow& removed = entry.removed;
  Member member = removed.row.member;
  member.uid = entry.uid;
  member.save_date = static_cast<std::uint32_t>(removed.time);  // When it came here.
  FlagState flags;
  flags.modseq = ModSeq(removed.seq.value);
  flags.system = removed.row.system & static_cast<SystemFlags>(~bit(SystemFlag::deleted));
  flags.keywords = keywords.intern_set(keywords_of(removed, keywords));
  editor.append(member, flags);
}

/// Returns the keywords as indexes into `keywords`. One for which there is no room is left out.
std::vector<std::uint16_t> RemovedMailbox::Builder::keywords_of(const RemovedRow& removed,
                                                                KeywordTable& keywords) const {
  std::vector<std::uint16_t> set;
  if (removed.row.keywords.empty()) return set;
  const MailboxPtr mailbox = state_.find(removed.mailbox);
  const auto deleted = view_.deleted.find(removed.mailbox);
  if (!mailbox && deleted == view_.deleted.end()) return set;
  const std::vector<std::string>& names =
      mailbox ? mailbox->keywords->names() : deleted->second.keywords;
  for (const std::uint16_t k : removed.row.keywords) {
    if (k >= names.size()) continue;
    if (const auto index = keywords.intern_name(names[k])) set.push_back(*index);
  }
  std::ranges::sort(set);
  set.erase(std::ranges::unique(set).begin(), set.end());
  return set;
}

}  // namespace posthorn::store
