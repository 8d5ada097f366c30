#include "service/maildrop/maildrop.h"

#include <fmt/core.h>

#include <chrono>
#include <utility>

#include "async/loop.h"
#include "message/digest/keys_view.h"
#include "service/messages.h"
#include "store/store.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::service {

using async::Task;
using store::Change;
using store::Member;

namespace {

/// The number of digests that are read together.
constexpr std::uint32_t kBatch = 256;
/// With more messages, the change runs outside the network threads.
constexpr std::uint64_t kHeavy = 5000;

}  // namespace

Maildrop::Maildrop(MailboxRef inbox, const store::Mailbox& mailbox, HeaderForm form)
    : account_(inbox.account),
      mailbox_(std::move(inbox)),
      uid_validity_(mailbox.head.uid_validity),
      members_(mailbox.contents->shared_members()),
      form_(form) {}

Task<Result<std::unique_ptr<Maildrop>>> Maildrop::open(Caller owner, HeaderForm form) {
  auto inbox = resolve(owner, "INBOX");
  if (!inbox) co_return pass(inbox);
  auto now = co_await newest(*inbox);
  if (!now) co_return pass(now);
  co_return std::unique_ptr<Maildrop>(new Maildrop(*inbox, **now, form));
}

bool Maildrop::has(std::uint32_t number) const {
  return number >= 1 && number <= count() && (marked_.empty() || !marked_[number - 1]);
}

void Maildrop::mark_deleted(std::uint32_t number) {
  marked_.resize(count());
  marked_[number - 1] = true;
  ++marked_count_;
  if (measured_) marked_octets_ += known_size(number);
}

void Maildrop::unmark_all() {
  marked_.clear();
  marked_count_ = 0;
  marked_octets_ = 0;
}

void Maildrop::note_read(std::uint32_t number) {
  read_.resize(count());
  read_[number - 1] = true;
}

Task<void> Maildrop::measure() {
  if (measured_) co_return;
  for (std::uint32_t first = 0; first < count(); first += kBatch) {
    const auto began = std::chrono::steady_clock::now();
    co_await measure_some(first, std::min(first + kBatch, count()));
    if (std::chrono::steady_clock::now() - began > std::chrono::milliseconds(1))
      co_await async::Loop::current()->yield();
  }
  measured_ = true;
  for (std::uint32_t number = 1; number <= marked_.size(); ++number)
    if (marked_[number - 1]) marked_octets_ += known_size(number);
}

Task<void> Maildrop::measure_some(std::uint32_t first, std::uint32_t last) {
  std::vector<Member> batch;
  std::vector<Ordinal> ordinals;
  members().for_each(first, last,
                     [&](std::uint32_t, const store::MemberLeaf& leaf, std::uint32_t k) {
                       batch.push_back(leaf.at(k));
                       ordinals.push_back(batch.back().ordinal);
                     });
  store::EmailReader reader(account_);
  co_await reader.load(ordinals, bit(store::Column::keys));
  for (std::uint32_t i = 0; i < batch.size(); ++i) {
    const auto keys = reader.get(batch[i].ordinal, store::Column::keys);
    const std::uint64_t size =
        keys ? co_await measure_one(batch[i], *keys) : std::uint64_t{batch[i].size};
    if (size != batch[i].size) sizes_.emplace(first + i + 1, size);
    octets_ += size;
  }
}

namespace {

/// Returns none if the message cannot be read to its end.
Task<std::optional<std::uint64_t>> count_octets(MaildropMessage& message) {
  std::uint64_t size = 0;
  while (true) {
    const auto portion = co_await message.next();
    if (!portion) co_return std::nullopt;
    if (portion->empty()) co_return size;
    size += portion->size();
  }
}

}  // namespace

Task<std::uint64_t> Maildrop::measure_one(const Member& member, std::string_view keys) const {
  const auto form = message::KeysView(keys).form();
  const bool header_stays = form_ == HeaderForm::utf8 || (form && !form->header_8bit);
  const bool body_stays = form && !form->bare_lf;
  const std::uint64_t end = form && form->open_end ? 2 : 0;
  if (body_stays && header_stays) co_return member.size + end;
  MaildropMessage::Options options{.header = form_};
  if (body_stays) options.body_lines = 0;
  auto message = co_await MaildropMessage::open(account_, member.ordinal, options);
  if (!message) co_return member.size;
  const auto size = co_await count_octets(**message);
  if (!size) co_return member.size;
  const std::uint64_t header = (*message)->stored_header_size();
  // A message that consists of a header only has been counted completely, including a missing line
  // end.
  co_return body_stays&& member.size > header ? *size + (member.size - header) + end : *size;
}

Task<std::uint64_t> Maildrop::size_of(std::uint32_t number) {
  if (measured_) co_return known_size(number);
  const Member member = members().at(number - 1);
  store::EmailReader reader(account_);
  co_await reader.load({&member.ordinal, 1}, bit(store::Column::keys));
  const auto keys = reader.get(member.ordinal, store::Column::keys);
  if (!keys) co_return member.size;
  co_return co_await measure_one(member, *keys);
}

std::uint64_t Maildrop::known_size(std::uint32_t number) const {
  const auto known = sizes_.find(number);
  return known != sizes_.end() ? known->second : members().at(number - 1).size;
}

std::string Maildrop::unique_id(std::uint32_t number) const {
  // The only place that knows the format. Ids migrated from another server would be looked up here.
  return fmt::format("{}-{:x}-{:x}", to_hex(account_->id()).substr(0, 8), uid_validity_.value,
                     members().uid_at(number - 1).value);
}

Task<Result<std::unique_ptr<MaildropMessage>>> Maildrop::read(
    std::uint32_t number, std::optional<std::uint32_t> body_lines) const {
  const Member member = members().at(number - 1);
  auto message = co_await MaildropMessage::open(account_, member.ordinal,
                                                {.header = form_, .body_lines = body_lines});
  Status ready = message ? co_await (*message)->prepare() : pass(message);
  if (!ready) co_return std::unexpected(note_unreadable(member.uid, std::move(ready.error())));
  co_return message;
}

Error Maildrop::note_unreadable(Uid uid, Error error) const {
  const store::MailboxPtr now = mailbox_.published();
  error = store::judge_unreadable(now.get(), uid, std::move(error));
  if (!now || !store::is_damage(error.kind)) return error;
  store::Unreadable unreadable;
  unreadable.add(uid, error);
  account_->store().note_unreadable(account_->id(), *now, unreadable);
  return error;
}

Task<Status> Maildrop::update(Deleted deleted, Seen seen) {
  NumberSet gone;
  NumberSet seen_uids;
  for (std::uint32_t number = 1; number <= count(); ++number) {
    const bool goes = deleted == Deleted::expunge && !has(number);
    const bool is_seen = seen == Seen::mark && !read_.empty() && read_[number - 1];
    if (!goes && !is_seen) continue;
    (goes ? gone : seen_uids).add(members().uid_at(number - 1).value);
  }
  if (gone.empty() && seen_uids.empty()) co_return Status();
  const auto function = [&](Change& change) -> Status {
    const FlagList flags{.system = bit(SystemFlag::seen), .keywords = {}};
    auto stored = change.store_flags(mailbox_.id, seen_uids, store::FlagOperation::add, flags, {});
    if (!stored) return pass(stored);
    auto removed = change.expunge(mailbox_.id, gone);
    return removed ? Status() : pass(removed);
  };
  const bool heavy = gone.count() + seen_uids.count() > kHeavy;
  auto receipt =
      co_await account_->change(mailbox_.actor, {mailbox_.id}, function,
                                heavy ? store::ChangeWeight::heavy : store::ChangeWeight::light);
  co_return receipt ? Status() : pass(receipt);
}

}  // namespace posthorn::service
