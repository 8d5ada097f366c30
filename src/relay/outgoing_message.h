#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "async/task.h"
#include "base/result.h"
#include "client/smtp_client.h"
#include "store/account.h"
#include "store/read/email_reader.h"
#include "store/value/outbox.h"

namespace posthorn::relay {

/// A queued message as it goes out: the entry's trace lines, the header without Bcc (RFC 5322
/// §3.6.3: its recipients are not told of each other) and the body, which is read from the store a
/// piece at a time. Any number of sources may read it.
class OutgoingMessage {
 public:
  /// Errors: not_found, corrupt, io.
  static async::Task<Result<OutgoingMessage>> open(store::AccountPtr account,
                                                   store::OutboxEntryPtr entry);

  /// With the blank line.
  [[nodiscard]] const std::string& header() const { return header_; }
  [[nodiscard]] std::uint64_t size() const { return header_.size() + body_->size(); }
  /// What the message needs of a relay: found by reading all of it, as what was declared is only a
  /// claim. CR and LF alone matter only to what was declared BINARYMIME: elsewhere they are line
  /// ends, and go out as CRLF.
  async::Task<Result<client::SmtpContent>> content() const;
  /// The message must outlive it.
  [[nodiscard]] std::unique_ptr<client::SmtpSource> source() const;

 private:
  class Source;
  OutgoingMessage() = default;
  store::OutboxEntryPtr entry_;
  std::string header_;
  std::shared_ptr<store::BodyReader> body_;
};

}  // namespace posthorn::relay
