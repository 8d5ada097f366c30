#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/flags.h"
#include "base/result.h"

namespace posthorn::cli {

/// The octets of one message as they will be stored: lines end with CRLF, and there is no NUL.
class MessageOctets {
 public:
  virtual ~MessageOctets() = default;
  /// Returns the next portion, valid until the next call; empty at the end. Errors: io.
  virtual Result<std::string_view> next() = 0;
};

/// A message found in a mail store of another format.
struct FoundMessage {
  std::string mailbox;  ///< In UTF-8, with '/' between levels.
  FlagList flags;
  std::optional<Timestamp> received;
  /// Identifies the message; the same in every run. Contains no line end.
  std::string key;
  std::string place;             ///< For people: a file name, or a file name and an offset.
  std::uint64_t raw_octets = 0;  ///< Size in the source, for the progress display.
  /// Opens the message; each call starts from its beginning.
  std::function<std::unique_ptr<MessageOctets>()> open;
};

/// Reads a mail store of another format, from its beginning to its end.
class MailSource {
 public:
  virtual ~MailSource() = default;
  /// Returns the next message; none at the end. Errors: io if something cannot be read; it is then
  /// skipped, and the next call continues after it.
  virtual Result<std::optional<FoundMessage>> next() = 0;
  /// The total size of the source, as far as it is known.
  [[nodiscard]] virtual std::uint64_t total_octets() const = 0;
};

}  // namespace posthorn::cli
