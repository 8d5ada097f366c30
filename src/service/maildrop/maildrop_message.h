#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/ids.h"
#include "base/result.h"
#include "message/header/header.h"
#include "service/message_octets.h"
#include "store/account.h"
#include "store/read/email_reader.h"
#include "text/crlf_text.h"

namespace posthorn::service {

/// What to do with header fields that contain non-ASCII text (RFC 6856 §2.1).
enum class HeaderForm : std::uint8_t {
  ascii,  ///< Rewrite them: see message::ascii_field.
  utf8,   ///< Leave them unchanged.
};

/// One stored message as text for a line-based protocol, in portions: every line ends with CRLF,
/// including the last one, and there is no NUL (text::CrlfText). Only one portion is held in
/// memory, whatever the message's size.
class MaildropMessage {
 public:
  struct Options {
    HeaderForm header = HeaderForm::ascii;
    std::optional<std::uint32_t> body_lines = {};  ///< Maximum number of lines of the body.
  };
  /// Errors: not_found if the message was expunged and its content is no longer retained; corrupt,
  /// io.
  static async::Task<Result<std::unique_ptr<MaildropMessage>>> open(store::AccountPtr account,
                                                                    Ordinal ordinal,
                                                                    Options options);

  /// Octets of the header block, as stored.
  [[nodiscard]] std::uint64_t stored_header_size() const { return octets_->header_size(); }
  /// Checks that everything next() will return can be read. Call it before the response begins,
  /// which cannot be taken back. Requires: next() has not been called. Errors: as next().
  async::Task<Status> prepare();
  /// Returns the next portion; empty at the end, also when called again. Valid until the next call.
  /// Errors: not_found, corrupt, io; nothing follows an error.
  async::Task<Result<std::string_view>> next();

 private:
  explicit MaildropMessage(store::AccountPtr account) : reader_(std::move(account)) {}
  async::Task<Result<std::string_view>> stored();
  std::optional<std::string_view> rewritten_field();
  [[nodiscard]] std::string_view within_lines(std::string_view body);

  store::EmailReader reader_;
  std::optional<MessageOctets> octets_;
  std::optional<message::HeaderIterator> fields_;  ///< Set while the header is being rewritten.
  std::optional<std::uint32_t> lines_left_;
  std::uint64_t at_ = 0;  ///< Offset in the stored message.
  text::CrlfText crlf_;
  bool ended_ = false;
  std::string field_;
  std::string scratch_;
};

}  // namespace posthorn::service
