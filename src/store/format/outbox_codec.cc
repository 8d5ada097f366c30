#include "store/format/outbox_codec.h"

#include <algorithm>

#include "base/bytes.h"
#include "store/format/keys.h"
#include "store/format/record.h"

namespace posthorn::store {
namespace {

template <class T, class Read>
Result<T> decode(std::string_view payload, std::string_view what, Read&& read) {
  ByteReader r(payload);
  T value{};
  read(r, value);
  if (!r.ok()) return fail(ErrorKind::corrupt, "a stored " + std::string(what) + " cannot be read");
  return value;
}

/// Decodes an enum with values from 0 to `last`.
template <class Enum>
Enum read_enum(ByteReader& r, Enum last) {
  const auto value = static_cast<Enum>(r.u8());
  if (value > last) r.set_failed();
  return value;
}

void write(ByteWriter& w, const OutboxRecipient& recipient) {
  w.bytes(recipient.address);
  w.bytes(recipient.orcpt);
  w.u8(recipient.notify);
  w.u8(static_cast<std::uint8_t>(recipient.state));
  w.varint(recipient.attempts);
  w.svarint(recipient.next_attempt);
  w.bytes(recipient.last_status);
  w.u8(recipient.delay_told ? 1 : 0);
}

OutboxRecipient read_recipient(ByteReader& r) {
  OutboxRecipient recipient;
  recipient.address = r.bytes();
  recipient.orcpt = r.bytes();
  recipient.notify = r.u8();
  recipient.state = read_enum(r, RecipientState::cancelled);
  recipient.attempts = static_cast<std::uint32_t>(r.varint());
  recipient.next_attempt = r.svarint();
  recipient.last_status = r.bytes();
  recipient.delay_told = r.u8() != 0;
  return recipient;
}

void write(ByteWriter& w, const UsageWindow& window) {
  w.svarint(window.number);
  for (const SentCount& count : {window.current, window.previous}) {
    w.varint(count.messages);
    w.varint(count.recipients);
  }
}

void read(ByteReader& r, UsageWindow& window) {
  window.number = r.svarint();
  for (SentCount* const count : {&window.current, &window.previous}) {
    count->messages = static_cast<std::uint32_t>(r.varint());
    count->recipients = static_cast<std::uint32_t>(r.varint());
  }
}

FiledCopy read_filed(ByteReader& r) {
  FiledCopy copy;
  copy.time = r.svarint();
  copy.message_id = r.u64();
  copy.mailbox.value = static_cast<std::uint32_t>(r.varint());
  copy.uid.value = static_cast<std::uint32_t>(r.varint());
  copy.email.value = r.varint();
  copy.by = read_enum(r, FiledCopy::By::client);
  return copy;
}

}  // namespace

bool OutboxEntry::is_settled() const {
  return std::ranges::none_of(recipients,
                              [](const auto& r) { return r.state == RecipientState::waiting; });
}

std::string encode_outbox_entry(const OutboxEntry& e) {
  std::string out;
  ByteWriter w(out);
  w.varint(e.email.value);
  w.varint(e.size);
  w.bytes(e.return_path);
  w.bytes(e.envid);
  w.u8(static_cast<std::uint8_t>(e.ret));
  w.u8(static_cast<std::uint8_t>(e.body));
  w.u8(e.smtputf8 ? 1 : 0);
  w.bytes(e.trace);
  w.bytes(e.session);
  w.svarint(e.submitted);
  w.svarint(e.hold_until);
  w.svarint(e.expires);
  w.varint(e.recipients.size());
  for (const OutboxRecipient& recipient : e.recipients) write(w, recipient);
  if (e.claimed_by != 0) {
    w.u64(e.claimed_by);
    w.svarint(e.claimed_until);
  }
  return seal_page(out);
}

Result<OutboxEntry> decode_outbox_entry(OutboxId id, std::string_view record) {
  auto payload = unseal_page(record);
  if (!payload) return pass(payload);
  return decode<OutboxEntry>(*payload, "outbox entry", [&](ByteReader& r, OutboxEntry& e) {
    e.id = id;
    e.email.value = r.varint();
    e.size = r.varint();
    e.return_path = r.bytes();
    e.envid = r.bytes();
    e.ret = read_enum(r, ReturnContent::headers);
    e.body = read_enum(r, BodyKind::binary_mime);
    e.smtputf8 = r.u8() != 0;
    e.trace = r.bytes();
    e.session = r.bytes();
    e.submitted = r.svarint();
    e.hold_until = r.svarint();
    e.expires = r.svarint();
    for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n)
      e.recipients.push_back(read_recipient(r));
    if (r.at_end()) return;
    e.claimed_by = r.u64();
    e.claimed_until = r.svarint();
  });
}

std::string encode_usage(const SendingUsage& usage) {
  std::string out;
  ByteWriter w(out);
  write(w, usage.hour);
  write(w, usage.day);
  w.varint(usage.filed.size());
  for (const FiledCopy& copy : usage.filed) {
    w.svarint(copy.time);
    w.u64(copy.message_id);
    w.varint(copy.mailbox.value);
    w.varint(copy.uid.value);
    w.varint(copy.email.value);
    w.u8(static_cast<std::uint8_t>(copy.by));
  }
  return seal(out);
}

Result<SendingUsage> decode_usage(std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  return decode<SendingUsage>(*payload, "count of sent messages",
                              [](ByteReader& r, SendingUsage& usage) {
                                read(r, usage.hour);
                                read(r, usage.day);
                                for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n)
                                  usage.filed.push_back(read_filed(r));
                              });
}

namespace {

void write(ByteWriter& w, const Team& team) {
  w.u8(static_cast<std::uint8_t>(team.folder_mail));
  w.u8(static_cast<std::uint8_t>(team.sent_copy));
  w.varint(team.members.size());
  for (const TeamMember& member : team.members) {
    w.raw(member.account.view());
    w.varint(member.rights.bits());
    w.u8(static_cast<std::uint8_t>(member.sending));
  }
}

void read(ByteReader& r, Team& team) {
  team.folder_mail = read_enum(r, Team::FolderMail::restricted);
  team.sent_copy = read_enum(r, Team::SentCopy::both);
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) {
    TeamMember member;
    if (const std::string_view id = r.raw(member.account.bytes.size()); r.ok())
      std::ranges::copy(id, member.account.bytes.begin());
    member.rights = Rights::from_bits(r.varint());
    member.sending = read_enum(r, TeamSending::as_team);
    team.members.push_back(member);
  }
}

}  // namespace

std::string encode_sending_settings(const SendingSettings& settings) {
  std::string out;
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(settings.keep_sent));
  w.varint(settings.may_send_as.size());
  for (const std::string& address : settings.may_send_as) w.bytes(address);
  if (settings.team) write(w, *settings.team);
  return seal(out);
}

Result<SendingSettings> decode_sending_settings(std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  return decode<SendingSettings>(*payload, "setting of sending",
                                 [](ByteReader& r, SendingSettings& settings) {
                                   settings.keep_sent = read_enum(r, KeepSent::never);
                                   for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n)
                                     settings.may_send_as.emplace_back(r.bytes());
                                   if (r.ok() && !r.at_end()) read(r, settings.team.emplace());
                                 });
}

std::string encode_time(std::int64_t seconds) {
  std::string out;
  ByteWriter(out).svarint(seconds);
  return seal(out);
}

Result<std::int64_t> decode_time(std::string_view record) {
  auto payload = unseal(record);
  if (!payload) return pass(payload);
  return decode<std::int64_t>(*payload, "time",
                              [](ByteReader& r, std::int64_t& seconds) { seconds = r.svarint(); });
}

}  // namespace posthorn::store
