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

/// What an exported message has beside its octets.
struct ExportedMessage {
  FlagList flags;
  Timestamp received;
  std::uint32_t uid = 0;
};

/// A mail store of another kind, being written. Messages come mailbox by mailbox.
class MailSink {
 public:
  virtual ~MailSink() = default;
  /// Errors: io; already_exists for what would be overwritten.
  virtual Status begin_mailbox(const std::string& name) = 0;
  virtual Status begin_message(const ExportedMessage& message) = 0;
  /// As stored, with CRLF, in any portions.
  virtual Status add(std::string_view octets) = 0;
  virtual Status end_message() = 0;
  virtual Status end_mailbox() = 0;
};

/// Maildir++ at `root`: INBOX in its own cur/, "A/B" in .A.B, names in modified UTF-7, lines ended
/// by LF, keywords in dovecot-keywords, file times as INTERNALDATE.
std::unique_ptr<MailSink> make_maildir_sink(std::string root);

/// A file "<mailbox>.mbox" for each below `root`, in the mboxrd dialect, flags in Status, X-Status
/// and X-Keywords.
std::unique_ptr<MailSink> make_mbox_sink(std::string root);

/// CRLF to LF, in any portions; a CR that no LF follows stays.
class ToLf {
 public:
  void feed(std::string_view octets, std::string& out);
  void finish(std::string& out);

 private:
  bool held_cr_ = false;
};

}  // namespace posthorn::cli
