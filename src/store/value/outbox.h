#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"

/// What an account has sent and is not yet done with. It lies in the sender's own account, so that
/// one change files the message and queues it (docs/architecture.md, "Sending").
namespace posthorn::store {

/// Names a submission within its account: the Seq of the change that queued it, never used again.
using OutboxId = StrongNumber<struct OutboxIdTag, std::uint64_t>;

enum class RecipientState : std::uint8_t {
  waiting = 0,    ///< To be tried at `next_attempt`.
  delivered = 1,  ///< In a mailbox of this store.
  relayed = 2,    ///< Another server has taken the message over.
  failed = 3,     ///< Given up; `last_status` says why.
  cancelled = 4,  ///< Taken back before it was sent.
};

/// RFC 3461 §4.1. An empty set: the sender did not say, so failures and delays are told.
enum class Notify : std::uint8_t { never = 1, success = 2, failure = 4, delay = 8 };
using NotifySet = std::uint8_t;
constexpr NotifySet bit(Notify n) { return static_cast<NotifySet>(n); }

struct OutboxRecipient {
  std::string address;  ///< "user@example.net", as an envelope has it without its "<>".
  std::string orcpt;    ///< RFC 3461 §4.2, "rfc822;user@example.net", decoded; empty: not said.
  NotifySet notify = 0;
  RecipientState state = RecipientState::waiting;
  std::uint32_t attempts = 0;
  std::int64_t next_attempt = 0;  ///< Seconds since 1970; meaningful while waiting.
  std::string last_status;        ///< "450 4.2.0 text", what the last attempt was answered.
  bool delay_told = false;        ///< The sender was told that it takes longer.
  friend bool operator==(const OutboxRecipient&, const OutboxRecipient&) = default;
};

/// RFC 3461 §4.3: what a report is to give back.
enum class ReturnContent : std::uint8_t { not_said = 0, full = 1, headers = 2 };
/// RFC 6152 and RFC 3030: what the message was declared as.
enum class BodyKind : std::uint8_t { seven_bit = 0, eight_bit_mime = 1, binary_mime = 2 };

/// One submission: its message and envelope, and how far each recipient is.
struct OutboxEntry {
  OutboxId id;              ///< Given by Change::enqueue.
  Ordinal email;            ///< Stays readable while the entry is there.
  std::uint64_t size = 0;   ///< Octets of the stored message.
  std::string return_path;  ///< "user@example.org"; empty for the null path.
  std::string envid;        ///< RFC 3461 §4.4, decoded; empty: not said.
  ReturnContent ret = ReturnContent::not_said;
  BodyKind body = BodyKind::seven_bit;
  bool smtputf8 = false;        ///< RFC 6531: needed on the way.
  std::string trace;            ///< Header lines, CRLF, that go in front when the message is sent.
  std::string session;          ///< Where it came from, for logs only.
  std::int64_t submitted = 0;   ///< Seconds since 1970, as the next two.
  std::int64_t hold_until = 0;  ///< RFC 4865: not sent before; 0: at once.
  std::int64_t expires = 0;     ///< What is still waiting then has failed.
  std::vector<OutboxRecipient> recipients;
  /// Where the record lies when it is too long for a row: the store's own, kept by update_outbox.
  PageNumber page;
  friend bool operator==(const OutboxEntry&, const OutboxEntry&) = default;

  /// Whether nobody waits any more.
  [[nodiscard]] bool is_settled() const;
};
using OutboxEntryPtr = std::shared_ptr<const OutboxEntry>;
/// In the order they were queued.
using Outbox = std::map<OutboxId, OutboxEntryPtr>;

/// Of one account: more is refused until something was sent.
constexpr std::size_t kMaxOutboxEntries = 10'000;
constexpr std::size_t kMaxOutboxRecipients = 10'000;  ///< Of one entry.
constexpr std::size_t kMaxOutboxStatus = 500;         ///< Octets of `last_status`; more is cut.

/// One step that another account's outbox asks of this one, for instance a local delivery. Said
/// with the change that does it, so that asking again does nothing (Account::change_once).
struct IntentId {
  AccountId from;
  OutboxId entry;
  std::uint32_t step = 0;  ///< Of several for one entry: the index of the recipient it is for.
  friend bool operator==(const IntentId&, const IntentId&) = default;
};

}  // namespace posthorn::store
