#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cli/mailbox_files/file_octets.h"
#include "cli/mailbox_files/mail_source.h"

namespace posthorn::cli {

struct MboxOptions {
  std::string mailbox = "INBOX";  ///< The mailbox for its messages.
  bool unquote_from = true;       ///< See FilterOptions.
};

/// Reads the messages of one mbox file (RFC 4155), in any dialect. A message begins with a line
/// "From sender date", at the start or after an empty line. Flags come from Status, X-Status and
/// X-Keywords; the time from the From_ line, or else from the Date field, or else from the file.
/// The record that UW IMAP puts first is skipped. Memory: one portion of the file and one header.
class MboxSource final : public MailSource {
 public:
  MboxSource(std::shared_ptr<InputFile> file, MboxOptions options)
      : file_(std::move(file)), options_(std::move(options)) {}
  Result<std::optional<FoundMessage>> next() override;
  [[nodiscard]] std::uint64_t total_octets() const override { return file_->size(); }

 private:
  struct Range {
    std::uint64_t separator = 0;  ///< Start of the From_ line.
    std::uint64_t begin = 0;      ///< Start of the message.
    std::uint64_t end = 0;
    std::string from_line;
  };
  Result<std::optional<Range>> next_range();
  Result<std::optional<std::string_view>> next_line();
  Result<FoundMessage> describe(const Range& range) const;

  std::shared_ptr<InputFile> file_;
  MboxOptions options_;
  std::string window_;
  std::size_t at_ = 0;                        ///< Offset in the window.
  std::uint64_t read_ = 0;                    ///< End of what was read from the file.
  std::uint64_t position_ = 0;                ///< Offset of the next line in the file.
  std::optional<std::uint64_t> begins_ = {};  ///< Offset of a From_ line that was already read.
  std::string from_line_;
};

/// Parses the time of a line "From sender Mon Nov 23 03:51:33 2026", where seconds and zone are
/// optional. None if the line does not have this form; it begins no message then.
std::optional<Timestamp> parse_from_line(std::string_view line);

/// Returns the flags that mail programs store in Status, X-Status and X-Keywords of a header block.
FlagList mbox_flags(std::string_view header);

}  // namespace posthorn::cli
