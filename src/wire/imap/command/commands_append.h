#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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
  bool utf8_wrapped = false;  ///< `UTF8 (~{n}`: the message is followed by ")" (RFC 6855 §4).
  bool catenated = false;     ///< The message is made of parts (RFC 4469).
};

/// One step of an APPEND or REPLACE, in the order of its text.
struct AppendItem {
  enum class Kind : std::uint8_t {
    message,      ///< A message begins: see `message`.
    octets,       ///< Octets of it follow in the stream: all of it, or a TEXT part.
    url,          ///< Octets of it are those that `url` names (RFC 4469 §3).
    url_literal,  ///< The same, but the URL follows in the stream.
    end,          ///< The message is complete.
  };
  Kind kind = Kind::end;
  AppendMessage message = {};
  LiteralHeader literal = {};  ///< For octets and url_literal, which are the last of their text.
  std::string url = {};
};

/// A part of the command, up to a literal or to the end of the command.
struct AppendText {
  /// Where a text ends, which the next one continues.
  enum class Place : std::uint8_t {
    between,          ///< A message is complete; another one or the end may follow.
    in_message,       ///< In a message that is one literal.
    in_utf8_message,  ///< The same, wrapped in UTF8 ().
    in_parts,         ///< In the list of CATENATE.
  };
  std::vector<AppendItem> items;
  Place place = Place::between;
  bool ended = false;  ///< The command is complete.
};

/// APPEND up to its first literal, or all of it if it has none. What follows is in the stream: a
/// literal as the last item describes, and then further texts (parse_append_next()).
struct AppendCommand {
  static constexpr CommandSpec kSpec{
      .name = "APPEND", .source = "RFC 9051 §6.3.12", .states = kAfterLogin, .mailbox_rights = "i"};
  std::string mailbox;
  AppendText first;
};
/// Appends a message and removes another one from the selected mailbox; `first` as for APPEND.
struct ReplaceCommand {
  static constexpr CommandSpec kSpec{.name = "REPLACE",
                                     .source = "RFC 8508 §3",
                                     .states = kWhileSelected,
                                     .capability = "REPLACE",
                                     .selected_rights = "te",
                                     .mailbox_rights = "i"};
  Numbering numbering = Numbering::seqnum;
  SequenceSet replaced;  ///< One number, or `*`.
  std::string mailbox;
  AppendText first;
};

}  // namespace posthorn::wire::imap
