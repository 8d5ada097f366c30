#include "store/format/keys.h"

#include <algorithm>

#include "base/bytes.h"

namespace posthorn::store::keys {
namespace {

constexpr std::string_view kOfAccounts[] = {
    kAccount,  kBehind,   kProfile,       kHeads,       kNames,         kKeywords,       kRecent,
    kContents, kJournals, kSubscriptions, kAnnotations, kEmails,        kGroups,         kFilters,
    kLogs,     kOutbox,   kUsage,         kSending,     kIntents,       kContentHorizon, kHorizon,
    kSharing,  kMovesOut, kForeign,       kTexts,       kRemovalNumbers};
static_assert(
    [] {
      for (const std::string_view prefix : kOfAccounts)
        if (prefix.size() != 1 || std::ranges::count(kOfAccounts, prefix) != 1) return false;
      return true;
    }(),
    "no prefix is the beginning of another");

std::string with_mailbox(std::string_view prefix, MailboxId id) {
  std::string key(prefix);
  ByteWriter(key).u32(id.value);
  return key;
}

std::string with_number(std::string_view prefix, std::uint64_t number) {
  std::string key(prefix);
  ByteWriter(key).u64(number);
  return key;
}

std::string with_text(std::string_view prefix, std::string_view text) {
  std::string key(prefix);
  key += text;
  return key;
}

}  // namespace

std::string account() { return std::string(kAccount); }
std::string profile() { return std::string(kProfile); }
std::string behind() { return std::string(kBehind); }
std::string content_horizon() { return std::string(kContentHorizon); }
std::string removal_numbers() { return std::string(kRemovalNumbers); }
std::string horizon() { return std::string(kHorizon); }
std::string move_out(Seq id) { return with_number(kMovesOut, id.value); }
std::string foreign() { return std::string(kForeign); }
std::string usage() { return std::string(kUsage); }
std::string sending() { return std::string(kSending); }
std::string outbox(OutboxId id) { return with_number(kOutbox, id.value); }
std::string recent(MailboxId id) { return with_mailbox(kRecent, id); }
std::string head(MailboxId id) { return with_mailbox(kHeads, id); }
std::string name(MailboxId id) { return with_mailbox(kNames, id); }
std::string keywords(MailboxId id) { return with_mailbox(kKeywords, id); }
std::string contents(MailboxId id) { return with_mailbox(kContents, id); }
std::string chunks(MailboxId id) { return contents(id) + kChunks; }
std::string email(Ordinal ordinal) { return with_number(kEmails, ordinal.value); }
std::string group(Ordinal first) { return with_number(kGroups, first.value); }
std::string filter(Ordinal first) { return with_number(kFilters, first.value); }
std::string texts(Ordinal first) { return with_number(kTexts, first.value); }
std::string log(Seq seq) { return with_number(kLogs, seq.value); }
std::string subscription(std::string_view name) { return with_text(kSubscriptions, name); }

std::string annotation(const AnnotationKey& annotation) {
  std::string key = with_mailbox(kAnnotations, annotation.mailbox);
  key += annotation.reader.view();
  key += annotation.entry;
  return key;
}

std::optional<AnnotationKey> annotation_of(std::string_view key) {
  ByteReader r(key);
  AnnotationKey annotation;
  if (r.raw(kAnnotations.size()) != kAnnotations) return std::nullopt;
  annotation.mailbox = MailboxId(r.u32());
  const std::string_view reader = r.raw(annotation.reader.bytes.size());
  if (!r.ok() || r.at_end()) return std::nullopt;
  std::ranges::copy(reader, annotation.reader.bytes.begin());
  annotation.entry = r.rest();
  return annotation;
}

std::string grant(const GrantKey& key) {
  return with_mailbox(kSharing, key.mailbox) + kGrant + key.identifier;
}

std::string reader_flags(MailboxId id, const AccountId& reader) {
  std::string key = with_mailbox(kSharing, id) + kReaderFlags;
  key += reader.view();
  return key;
}

char kind_of_sharing(std::string_view key) { return key.size() > 5 ? key[5] : '\0'; }
std::string_view rest_of_sharing(std::string_view key) {
  return key.size() > 6 ? key.substr(6) : std::string_view{};
}

std::string intent(const IntentId& intent) {
  std::string key = with_text(kIntents, intent.from.view());
  ByteWriter w(key);
  w.u64(intent.entry.value);
  w.u32(intent.step);
  return key;
}

std::string tail_row(MailboxId id, Uid uid) {
  std::string key = contents(id) + kTailRow;
  ByteWriter(key).u32(uid.value);
  return key;
}

std::string flag_change(MailboxId id, Seq seq) {
  return with_number(contents(id) + kFlagChange, seq.value);
}

std::string journal(MailboxId id, Seq seq) {
  return with_number(with_mailbox(kJournals, id), seq.value);
}

std::string address(std::string_view address) { return with_text(kAddresses, address); }
std::string removal(const AccountId& account) { return with_text(kRemovals, account.view()); }
std::string listed_outbox(const AccountId& account) { return with_text(kOutboxes, account.view()); }
std::string without_scram(const AccountId& account) {
  return with_text(kWithoutScram, account.view());
}
std::string hold(const AccountId& account) { return with_text(kHolds, account.view()); }
std::string due_age_day(std::int64_t day) {
  std::string key(kDueAge);
  ByteWriter(key).u32(static_cast<std::uint32_t>(std::clamp<std::int64_t>(day, 0, UINT32_MAX)));
  return key;
}
std::string due_age(std::int64_t day, const AccountId& account) {
  std::string key = due_age_day(day);
  key += account.view();
  return key;
}
std::optional<AccountId> account_of_due(std::string_view key) {
  AccountId id;
  if (key.size() != 1 + 4 + id.bytes.size()) return std::nullopt;
  std::ranges::copy(key.substr(5), reinterpret_cast<char*>(id.bytes.data()));
  return id;
}
std::optional<AccountId> account_of(std::string_view key) {
  AccountId id;
  if (key.size() != 1 + id.bytes.size()) return std::nullopt;
  std::ranges::copy(key.substr(1), reinterpret_cast<char*>(id.bytes.data()));
  return id;
}

std::string shares_with(std::string_view grantee) {
  std::string key = with_text(kShares, grantee);
  key += '\0';  // No grantee is the beginning of another.
  return key;
}

std::string share(std::string_view grantee, const AccountId& owner) {
  std::string key = shares_with(grantee);
  key += owner.view();
  return key;
}

std::string after_prefix(std::string_view prefix) {
  std::string next(prefix);
  while (!next.empty() && static_cast<unsigned char>(next.back()) == 0xff) next.pop_back();
  if (!next.empty()) next.back() = static_cast<char>(static_cast<unsigned char>(next.back()) + 1);
  return next;
}

char kind_of_contents(std::string_view key) { return key.size() > 5 ? key[5] : '\0'; }

std::uint32_t uid_of_tail(std::string_view key) {
  ByteReader r(key.size() >= 10 ? key.substr(6) : std::string_view{});
  return r.u32();
}

MailboxId mailbox_of(std::string_view key) {
  ByteReader r(key.size() >= 5 ? key.substr(1) : std::string_view{});
  return MailboxId(r.u32());
}

std::uint64_t last_number(std::string_view key) {
  ByteReader r(key.size() >= 8 ? key.substr(key.size() - 8) : std::string_view{});
  return r.u64();
}

std::string in_row(std::string_view record) {
  std::string value(1, kInRow);
  value += record;
  return value;
}

std::string in_page(PageNumber page) {
  std::string value(1, kInPage);
  ByteWriter(value).u64(page.value);
  return value;
}

std::optional<RowOrPage> row_or_page(std::string_view value) {
  if (value.starts_with(kInRow)) return RowOrPage{value.substr(1), std::nullopt};
  if (!value.starts_with(kInPage)) return std::nullopt;
  ByteReader r(value.substr(1));
  const PageNumber page(r.u64());
  return r.ok() ? std::optional(RowOrPage{{}, page}) : std::nullopt;
}

}  // namespace posthorn::store::keys
