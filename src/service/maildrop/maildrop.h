#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "service/maildrop/maildrop_message.h"
#include "store/account.h"
#include "store/value/mailbox.h"

namespace posthorn::service {

/// INBOX as a POP3 session sees it. The session takes one version when it opens, so that numbers
/// and sizes stay the same (RFC 1939 §4) whatever happens to the mailbox. An account may have any
/// number of open maildrops; nothing is locked. Messages are numbered from 1. Changes made here
/// take effect in update().
class Maildrop {
 public:
  /// Errors: not_found, io, corrupt.
  static async::Task<Result<std::unique_ptr<Maildrop>>> open(Caller owner, HeaderForm form);

  /// The number of messages when the maildrop was opened.
  [[nodiscard]] std::uint32_t count() const { return members().count(); }
  /// Returns whether there is such a message and it is not marked as deleted.
  [[nodiscard]] bool has(std::uint32_t number) const;
  /// Requires: has(number).
  void mark_deleted(std::uint32_t number);
  void unmark_all();
  /// Requires: 1 <= number <= count().
  void note_read(std::uint32_t number);
  /// The number of messages not marked.
  [[nodiscard]] std::uint32_t remaining() const { return count() - marked_count_; }

  /// The number of octets that read() returns. Normally it follows from the message's digest. A
  /// message whose line ends must be changed is read; one that cannot be read counts with its
  /// stored size. Requires: 1 <= number <= count().
  async::Task<std::uint64_t> size_of(std::uint32_t number);
  /// Determines the sizes of all messages.
  async::Task<void> measure();
  /// Requires: measure() has finished; 1 <= number <= count().
  [[nodiscard]] std::uint64_t known_size(std::uint32_t number) const;
  /// Octets of the messages not marked. Requires: measure() has finished.
  [[nodiscard]] std::uint64_t octets_left() const { return octets_ - marked_octets_; }

  /// Returns at most 70 octets from '!' to '~' (RFC 1939 §7). An identifier is never reused for
  /// another message: it consists of the account's id, since an account of the same name may be
  /// created again, of UIDVALIDITY and of the UID. A message that is copied away and back is a
  /// different message.
  [[nodiscard]] std::string unique_id(std::uint32_t number) const;

  /// Opens a message after checking that all of it can be read, because a response that has begun
  /// cannot be taken back. Damage is logged, once a day for each message. Requires: 1 <= number <=
  /// count(). Errors: those of MaildropMessage::open and prepare.
  async::Task<Result<std::unique_ptr<MaildropMessage>>> read(
      std::uint32_t number, std::optional<std::uint32_t> body_lines = {}) const;

  enum class Seen : std::uint8_t { leave, mark };
  enum class Deleted : std::uint8_t { keep, expunge };
  /// Expunges the marked messages and sets \Seen on those read, as one change that is durable on
  /// return. Messages that others removed meanwhile are ignored. Errors: not_found (INBOX), io,
  /// unavailable.
  async::Task<Status> update(Deleted deleted, Seen seen);

 private:
  Maildrop(MailboxRef inbox, const store::Mailbox& mailbox, HeaderForm form);
  [[nodiscard]] const store::Members& members() const { return *members_; }
  Error note_unreadable(Uid uid, Error error) const;
  async::Task<void> measure_some(std::uint32_t first, std::uint32_t last);
  async::Task<std::uint64_t> measure_one(const store::Member& member, std::string_view keys) const;

  const store::AccountPtr account_;
  const MailboxRef mailbox_;
  const UidValidity uid_validity_;
  const std::shared_ptr<const store::Members> members_;
  const HeaderForm form_;
  std::vector<bool> marked_;  ///< Indexed by number - 1; empty if none is marked.
  std::vector<bool> read_;
  std::uint32_t marked_count_ = 0;
  bool measured_ = false;
  /// Sizes of the messages that are longer here than stored, by number.
  std::unordered_map<std::uint32_t, std::uint64_t> sizes_;
  std::uint64_t octets_ = 0;
  std::uint64_t marked_octets_ = 0;
};

}  // namespace posthorn::service
