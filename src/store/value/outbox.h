#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"

/// The messages that an account has sent and whose delivery is not completed. The outbox is stored
/// in the sender's own account, so that one change can both file the message and queue it
/// (docs/architecture.md, "Sending").
namespace posthorn::store {

/// Identifies a submission within its account: the Seq of the change that queued it. Never reused.
using OutboxId = StrongNumber<struct OutboxIdTag, std::uint64_t>;

enum class RecipientState : std::uint8_t {
  waiting = 0,    ///< To be attempted at `next_attempt`.
  delivered = 1,  ///< Delivered to a mailbox of this store.
  relayed = 2,    ///< Accepted by another server.
  failed = 3,     ///< Failed permanently; `last_status` gives the reason.
  cancelled = 4,  ///< Cancelled before it was sent.
};

/// RFC 3461 §4.1. An empty set means that the sender did not specify it; failures and delays are
/// then reported.
enum class Notify : std::uint8_t { never = 1, success = 2, failure = 4, delay = 8 };
using NotifySet = std::uint8_t;
constexpr NotifySet bit(Notify n) { return static_cast<NotifySet>(n); }

struct OutboxRecipient {
  std::string address;  ///< "user@example.net": the address of the envelope without "<>".
  std::string orcpt;  ///< RFC 3461 §4.2, decoded, for example "rfc822;user@example.net"; empty: not
                      ///< specified.
  NotifySet notify = 0;
  RecipientState state = RecipientState::waiting;
  std::uint32_t attempts = 0;
  std::int64_t next_attempt = 0;  ///< Seconds since 1970; meaningful while waiting.
  std::string last_status;        ///< The reply to the last attempt, such as "450 4.2.0 text".
  bool delay_told = false;        ///< The sender was notified of the delay.
  friend bool operator==(const OutboxRecipient&, const OutboxRecipient&) = default;
};

/// RFC 3461 §4.3: how much of the message a report returns.
enum class ReturnContent : std::uint8_t { not_said = 0, full = 1, headers = 2 };
/// RFC 6152 and RFC 3030: the declared body type of the message.
enum class BodyKind : std::uint8_t { seven_bit = 0, eight_bit_mime = 1, binary_mime = 2 };

/// One submission: its message, its envelope, and the state of each recipient.
struct OutboxEntry {
  OutboxId id;              ///< Assigned by Change::enqueue.
  Ordinal email;            ///< Remains readable while the entry exists.
  std::uint64_t size = 0;   ///< Size of the stored message in octets.
  std::string return_path;  ///< "user@example.org"; empty for the null path.
  std::string envid;        ///< RFC 3461 §4.4, decoded; empty: not specified.
  ReturnContent ret = ReturnContent::not_said;
  BodyKind body = BodyKind::seven_bit;
  bool smtputf8 = false;  ///< RFC 6531: the next server must support it.
  std::string trace;      ///< Header lines with CRLF, put in front of the message when it is sent.
  std::string session;    ///< Describes the session that submitted it; for logs only.
  std::int64_t submitted = 0;   ///< Seconds since 1970, like the next two.
  std::int64_t hold_until = 0;  ///< RFC 4865: not to be sent before this time; 0: send at once.
  std::int64_t expires = 0;     ///< Recipients that are still waiting then have failed.
  std::vector<OutboxRecipient> recipients;
  /// Where several processes have the store open: the one that works on the entry (Store::node()),
  /// and until when the others leave it alone, if that one does not renew it. 0: nobody.
  std::uint64_t claimed_by = 0;
  std::int64_t claimed_until = 0;
  /// The page of a record that is too long for a row. Managed by the store (update_outbox).
  PageNumber page;
  friend bool operator==(const OutboxEntry&, const OutboxEntry&) = default;

  /// Returns true if no recipient is waiting any more.
  [[nodiscard]] bool is_settled() const;
  /// Returns whether another process than `node` may be working on it.
  [[nodiscard]] bool is_claimed_elsewhere(std::uint64_t node, std::int64_t now) const {
    return claimed_by != 0 && claimed_by != node && now <= claimed_until + kClaimGrace;
  }

  /// For how long an entry is claimed, in seconds.
  static constexpr std::int64_t kClaim = 300;
  /// By how much the clocks of two machines may differ. Others wait this much longer.
  static constexpr std::int64_t kClaimGrace = 60;
};
using OutboxEntryPtr = std::shared_ptr<const OutboxEntry>;
/// In the order of queueing.
using Outbox = std::map<OutboxId, OutboxEntryPtr>;

/// Per account. More are refused until some have been sent.
constexpr std::size_t kMaxOutboxEntries = 10'000;
constexpr std::size_t kMaxOutboxRecipients = 10'000;  ///< Per entry.
/// Limit of `last_status` in octets; longer text is cut.
constexpr std::size_t kMaxOutboxStatus = 500;

/// Identifies one step that another account's outbox requests of this account, for example a local
/// delivery. It is recorded in the change that carries out the step, so a repeated request has no
/// effect (Account::change_once).
struct IntentId {
  AccountId from;
  OutboxId entry;
  /// Distinguishes several steps of one entry: the index of the recipient.
  std::uint32_t step = 0;
  friend bool operator==(const IntentId&, const IntentId&) = default;
};

}  // namespace posthorn::store
