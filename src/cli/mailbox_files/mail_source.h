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

/// The octets of one message, as they are to be stored: lines end with CRLF, there is no NUL.
class MessageOctets {
 public:
  virtual ~MessageOctets() = default;
  /// The next few; valid until the next call; empty at the end. Errors: io.
  virtual Result<std::string_view> next() = 0;
};

/// A message found in a mail store of another kind.
struct FoundMessage {
  std::string mailbox;  ///< In UTF-8, '/' between levels.
  FlagList flags;
  std::optional<Timestamp> received;
  /// The same for the same message the next time; never holds a line end.
  std::string key;
  std::string place;             ///< For people: a file, or a file and an offset.
  std::uint64_t raw_octets = 0;  ///< As they lie there, for the progress shown.
  /// From the beginning, each time it is called.
  std::function<std::unique_ptr<MessageOctets>()> open;
};

/// A mail store of another kind, read from its beginning to its end.
class MailSource {
 public:
  virtual ~MailSource() = default;
  /// None at the end. Errors: io for something that cannot be read: it is then left out, and the
  /// next call goes on behind it.
  virtual Result<std::optional<FoundMessage>> next() = 0;
  /// Of everything there is to read, as far as known.
  [[nodiscard]] virtual std::uint64_t total_octets() const = 0;
};

}  // namespace posthorn::cli
