#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/flags.h"
#include "base/result.h"

namespace posthorn::cli {

/// The attributes of an exported message.
struct ExportedMessage {
  FlagList flags;
  Timestamp received;
  std::uint32_t uid = 0;
};

/// Writes a mail store of another format. Messages arrive mailbox by mailbox.
class MailSink {
 public:
  virtual ~MailSink() = default;
  /// Errors: io; already_exists if something would be overwritten.
  virtual Status begin_mailbox(const std::string& name) = 0;
  virtual Status begin_message(const ExportedMessage& message) = 0;
  /// The message as stored, with CRLF, in portions of any size.
  virtual Status add(std::string_view octets) = 0;
  virtual Status end_message() = 0;
  virtual Status end_mailbox() = 0;
};

/// Writes Maildir++ at `root`: INBOX in its own cur/, "A/B" in .A.B, names in modified UTF-7, lines
/// that end with LF, keywords in dovecot-keywords, and INTERNALDATE as file time.
std::unique_ptr<MailSink> make_maildir_sink(std::string root);

/// Writes a file "<mailbox>.mbox" for each mailbox below `root`, in the mboxrd dialect, with flags
/// in Status, X-Status and X-Keywords.
std::unique_ptr<MailSink> make_mbox_sink(std::string root);

/// Converts CRLF to LF, in portions of any size. A CR without LF is kept.
class ToLf {
 public:
  void feed(std::string_view octets, std::string& out);
  void finish(std::string& out);

 private:
  bool held_cr_ = false;
};

}  // namespace posthorn::cli
