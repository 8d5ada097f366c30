#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "async/gate.h"
#include "async/task.h"
#include "base/result.h"
#include "service/mailbox_ref.h"
#include "service/message_octets.h"
#include "service/rows.h"
#include "store/read/email_reader.h"
#include "store/read/piece_batch.h"

namespace posthorn::service {

/// What has to be read of each message.
struct FetchNeeds {
  enum class Bodies : std::uint8_t {
    none,
    parts,  ///< Some of each body; the caller reads what it needs.
    whole,
  };
  store::Columns columns = 0;
  Bodies bodies = Bodies::none;
};

/// Some messages, with what has been read of them.
class FetchBatch {
 public:
  explicit FetchBatch(const store::AccountPtr& account)
      : account_(account), emails_(account), pieces_(account) {}

  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  /// Returns a column that FetchNeeds named. Errors: those of reading it, for this message only.
  [[nodiscard]] Result<std::string_view> column(const Row& row, store::Column column) const {
    return emails_.get(row.member.ordinal, column);
  }
  /// Opens the octets of a message. `header`, which must be the header column, and this batch must
  /// outlive the result. Requires: FetchNeeds named the columns header and body, and bodies.
  /// Errors: corrupt.
  [[nodiscard]] Result<MessageOctets> octets(std::string_view header,
                                             std::string_view body_column) const {
    return MessageOctets::open(account_, header, body_column, &pieces_);
  }

 private:
  friend class FetchReader;
  store::AccountPtr account_;
  std::vector<Row> rows_;
  store::EmailReader emails_;
  store::PieceBatch pieces_;
  async::Gate reading_;
};

/// Reads messages in batches, the next ones while the caller works on the current one. Belongs to
/// one loop.
class FetchReader {
 public:
  /// Reads the messages that `rows` gives and that have a MODSEQ above `changed_since`. What `rows`
  /// refers to must outlive this object.
  FetchReader(const MailboxRef& mailbox, RowReader rows, FetchNeeds needs, ModSeq changed_since);

  /// Returns the next batch, or null at the end. Valid until the next call.
  async::Task<const FetchBatch*> next();
  /// Waits until no read is in progress. Must be awaited before this object is destroyed.
  async::Task<void> finish();

 private:
  async::Task<void> read(FetchBatch& batch) const;
  async::Task<void> read_with_bodies(FetchBatch& batch, std::vector<Ordinal> ordinals) const;
  async::Task<void> read_bodies(FetchBatch& batch) const;

  const store::AccountPtr account_;
  RowReader rows_;
  const FetchNeeds needs_;
  const ModSeq changed_since_;
  bool more_ = true;
  std::unique_ptr<FetchBatch> current_;
  std::deque<std::unique_ptr<FetchBatch>> ahead_;
};

}  // namespace posthorn::service
