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

/// What becomes of header fields beyond ASCII (RFC 6856 §2.1).
enum class HeaderForm : std::uint8_t {
  ascii,  ///< They are rewritten: see message::ascii_field.
  utf8,   ///< They stay.
};

/// One stored message as text for a protocol of lines, portion by portion: every line ends with
/// CRLF, the last one too, and there is no NUL (text::CrlfText). Holds a portion, whatever the
/// message's size.
class MaildropMessage {
 public:
  struct Options {
    HeaderForm header = HeaderForm::ascii;
    std::optional<std::uint32_t> body_lines = {};  ///< No more lines of the body than this.
  };
  /// Errors: not_found once an expunged message's content is no longer retained; corrupt, io.
  static async::Task<Result<std::unique_ptr<MaildropMessage>>> open(store::AccountPtr account,
                                                                    Ordinal ordinal,
                                                                    Options options);

  /// Octets of the header block as it is stored.
  [[nodiscard]] std::uint64_t stored_header_size() const { return octets_->header_size(); }
  /// Finds out whether everything next() will give can be read: to be asked before the response
  /// begins, which cannot be taken back. Requires: next() has not been called. Errors: as next().
  async::Task<Status> prepare();
  /// The next portion; empty at the end, and then for good. Stays until the next call. Errors:
  /// not_found, corrupt, io; there is nothing more after one.
  async::Task<Result<std::string_view>> next();

 private:
  explicit MaildropMessage(store::AccountPtr account) : reader_(std::move(account)) {}
  async::Task<Result<std::string_view>> stored();
  std::optional<std::string_view> rewritten_field();
  [[nodiscard]] std::string_view within_lines(std::string_view body);

  store::EmailReader reader_;
  std::optional<MessageOctets> octets_;
  std::optional<message::HeaderIterator> fields_;  ///< While the header is being rewritten.
  std::optional<std::uint32_t> lines_left_;
  std::uint64_t at_ = 0;  ///< Of the message as stored.
  text::CrlfText crlf_;
  bool ended_ = false;
  std::string field_;
  std::string scratch_;
};

}  // namespace posthorn::service
