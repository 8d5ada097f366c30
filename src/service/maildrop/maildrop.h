#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "service/maildrop/maildrop_message.h"
#include "store/account.h"
#include "store/value/mailbox.h"

namespace posthorn::service {

/// INBOX as a POP3 session has it: a version taken once, so that numbers and sizes do not move
/// (RFC 1939 §4), whatever happens to the mailbox meanwhile. Any number of them may be open for an
/// account: nothing is locked. Messages are numbered from 1; what is done to them here waits for
/// update().
class Maildrop {
 public:
  /// Errors: not_found, io, corrupt.
  static async::Task<Result<std::unique_ptr<Maildrop>>> open(store::AccountPtr account,
                                                             HeaderForm form);

  /// As opened.
  [[nodiscard]] std::uint32_t count() const { return members().count(); }
  /// There is such a message, and it is not marked as deleted.
  [[nodiscard]] bool has(std::uint32_t number) const;
  /// Requires: has(number).
  void mark_deleted(std::uint32_t number);
  void unmark_all();
  /// Requires: 1 <= number <= count().
  void note_read(std::uint32_t number);
  /// Messages not marked.
  [[nodiscard]] std::uint32_t remaining() const { return count() - marked_count_; }

  /// Octets that read() gives. Mostly a matter of the message's digest; one with line ends that
  /// have to be changed is read, and one that cannot be read counts as it is stored. Requires:
  /// 1 <= number <= count().
  async::Task<std::uint64_t> size_of(std::uint32_t number);
  /// Makes every size known.
  async::Task<void> measure();
  /// Requires: measured; 1 <= number <= count().
  [[nodiscard]] std::uint64_t known_size(std::uint32_t number) const;
  /// Octets of the messages not marked. Requires: measured.
  [[nodiscard]] std::uint64_t octets_left() const { return octets_ - marked_octets_; }

  /// At most 70 octets from '!' to '~' (RFC 1939 §7). Never given out twice for a name that a
  /// client may know: it says which account, as one may be made anew under a name, and
  /// UIDVALIDITY and UID. A message copied away and back is another one.
  [[nodiscard]] std::string unique_id(std::uint32_t number) const;

  /// All of it has been found to be readable: a response that has begun cannot be taken back.
  /// Damage is said in the log, once a day for each message. Requires: 1 <= number <= count().
  /// Errors: those of MaildropMessage::open and prepare.
  async::Task<Result<std::unique_ptr<MaildropMessage>>> read(
      std::uint32_t number, std::optional<std::uint32_t> body_lines = {}) const;

  enum class Seen : std::uint8_t { leave, mark };
  enum class Deleted : std::uint8_t { keep, expunge };
  /// One change, durable on return: expunges what is marked and sets \Seen on what was read. What
  /// others removed meanwhile is passed over. Errors: not_found (INBOX), io, unavailable.
  async::Task<Status> update(Deleted deleted, Seen seen);

 private:
  Maildrop(store::AccountPtr account, const store::Mailbox& mailbox, HeaderForm form);
  [[nodiscard]] const store::Members& members() const { return *members_; }
  Error note_unreadable(Uid uid, Error error) const;
  async::Task<void> measure_some(std::uint32_t first, std::uint32_t last);
  async::Task<std::uint64_t> measure_one(const store::Member& member, std::string_view keys) const;

  const store::AccountPtr account_;
  const MailboxId mailbox_;
  const UidValidity uid_validity_;
  const std::shared_ptr<const store::Members> members_;
  const HeaderForm form_;
  std::vector<bool> marked_;  ///< By number - 1; empty: none.
  std::vector<bool> read_;
  std::uint32_t marked_count_ = 0;
  bool measured_ = false;
  /// Of those that are longer here than stored, by number.
  std::unordered_map<std::uint32_t, std::uint64_t> sizes_;
  std::uint64_t octets_ = 0;
  std::uint64_t marked_octets_ = 0;
};

}  // namespace posthorn::service
