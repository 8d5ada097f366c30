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

/// A queued message in the form in which it is sent: the entry's trace lines, the header without
/// Bcc (RFC 5322 §3.6.3: other recipients must not see it) and the body, which is read from the
/// store a piece at a time. The header of a message that is only passed on is left as it is, since
/// a signature may cover it (RFC 6376). Any number of sources may read it.
class OutgoingMessage {
 public:
  /// Errors: not_found, corrupt, io.
  static async::Task<Result<OutgoingMessage>> open(store::AccountPtr account,
                                                   store::OutboxEntryPtr entry);

  /// Includes the blank line.
  [[nodiscard]] const std::string& header() const { return header_; }
  [[nodiscard]] std::uint64_t size() const { return header_.size() + body_->size(); }
  /// Returns the requirements of the message for the relay. The whole message is read for this,
  /// because the sender's declaration is only a claim. CR or LF alone matters only in a message
  /// declared BINARYMIME; elsewhere it is a line end, and is sent as CRLF.
  async::Task<Result<client::SmtpContent>> content() const;
  /// The message must outlive the source.
  [[nodiscard]] std::unique_ptr<client::SmtpSource> source() const;

 private:
  class Source;
  OutgoingMessage() = default;
  store::OutboxEntryPtr entry_;
  std::string header_;
  std::shared_ptr<store::BodyReader> body_;
};

}  // namespace posthorn::relay
