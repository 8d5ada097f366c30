#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/flags.h"
#include "base/number_set.h"
#include "wire/imap/command/command_spec.h"
#include "wire/imap/command/commands_message.h"
#include "wire/imap/receiver.h"

namespace posthorn::wire::imap {

/// The arguments of one message of an APPEND or REPLACE (RFC 9051 §6.3.12, RFC 3502).
struct AppendMessage {
  FlagList flags;
  std::optional<std::int64_t> date_seconds;  ///< Seconds since 1970-01-01 UTC.
  std::int16_t date_zone_minutes = 0;        ///< Minutes east of UTC.
  LiteralHeader literal;
  bool utf8_wrapped = false;  ///< `UTF8 (~{n}`: the message is followed by ")" (RFC 6855 §4).
};
/// APPEND up to its first message. The messages themselves are not part of the value: they follow
/// in the stream, as `first.literal` describes.
struct AppendCommand {
  static constexpr CommandSpec kSpec{
      .name = "APPEND", .source = "RFC 9051 §6.3.12", .states = kAfterLogin};
  std::string mailbox;
  AppendMessage first;
};
/// Appends a message and removes another one from the selected mailbox; `first` as for APPEND.
struct ReplaceCommand {
  static constexpr CommandSpec kSpec{.name = "REPLACE",
                                     .source = "RFC 8508 §3",
                                     .states = kWhileSelected,
                                     .capability = "REPLACE"};
  Numbering numbering = Numbering::seqnum;
  SequenceSet replaced;  ///< One number, or `*`.
  std::string mailbox;
  AppendMessage first;
};

}  // namespace posthorn::wire::imap
