#include "store/format/keys.h"

#include "base/bytes.h"

namespace posthorn::store::keys {
namespace {

std::string with_mailbox(char kind, MailboxId id) {
  std::string key(1, kind);
  ByteWriter(key).u32(id.value);
  return key;
}

std::string with_number(char kind, std::uint64_t number) {
  std::string key(1, kind);
  ByteWriter(key).u64(number);
  return key;
}

}  // namespace

std::string account() { return "a"; }
std::string profile() { return "x"; }
std::string behind() { return "b"; }
std::string content_horizon() { return "v"; }
std::string horizon() { return "z"; }
std::string usage() { return "u"; }
std::string sending() { return "w"; }
std::string outbox(OutboxId id) { return with_number('o', id.value); }
std::string recent(MailboxId id) { return with_mailbox('q', id); }
std::string head(MailboxId id) { return with_mailbox('h', id); }
std::string name(MailboxId id) { return with_mailbox('n', id); }
std::string keywords(MailboxId id) { return with_mailbox('k', id); }
std::string contents(MailboxId id) { return with_mailbox('c', id); }
std::string chunks(MailboxId id) { return with_mailbox('c', id) + 'p'; }
std::string email(Ordinal ordinal) { return with_number('e', ordinal.value); }
std::string group(Ordinal first) { return with_number('g', first.value); }
std::string log(Seq seq) { return with_number('l', seq.value); }

std::string intent(const IntentId& intent) {
  std::string key = "i";
  key += intent.from.view();
  ByteWriter w(key);
  w.u64(intent.entry.value);
  w.u32(intent.step);
  return key;
}

std::string subscription(std::string_view name) {
  std::string key = "s";
  key += name;
  return key;
}

std::string tail_row(MailboxId id, Uid uid) {
  std::string key = with_mailbox('c', id);
  key += 'r';
  ByteWriter(key).u32(uid.value);
  return key;
}

std::string flag_change(MailboxId id, Seq seq) {
  std::string key = with_mailbox('c', id);
  key += 'f';
  ByteWriter(key).u64(seq.value);
  return key;
}

std::string journal(MailboxId id, Seq seq) {
  std::string key = with_mailbox('j', id);
  ByteWriter(key).u64(seq.value);
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

}  // namespace posthorn::store::keys
