#pragma once

#include <cstdint>
#include <string_view>

namespace posthorn::wire::imap {

/// The state of a session (RFC 9051 §3), as bits, so that a command can be allowed in several. The
/// logout state is not included: no command is read in it.
enum class SessionState : std::uint8_t { not_authenticated = 1, authenticated = 2, selected = 4 };

/// A set of SessionState.
struct SessionStates {
  std::uint8_t bits = 0;
  [[nodiscard]] constexpr bool has(SessionState state) const {
    return (bits & static_cast<std::uint8_t>(state)) != 0;
  }
  friend constexpr bool operator==(SessionStates, SessionStates) = default;
};

// The sets in which RFC 9051 §6 groups the commands.
inline constexpr SessionStates kAnyState{1 | 2 | 4};
inline constexpr SessionStates kBeforeLogin{1};
inline constexpr SessionStates kAfterLogin{2 | 4};
inline constexpr SessionStates kWhileSelected{4};

/// What is known of a command before any of it is parsed or executed. Every alternative of
/// CommandBody has one as its member `kSpec`, and whatever needs one of these facts takes it from
/// there: the parser, the session, and the table of commands in docs/protocol-support.md.
/// tools/protocol_tables.py reads the declarations for the latter; therefore `kSpec` comes first in
/// its struct, and its values are literals or constants of this file. Whether a command has a UID
/// form is not in here: such a command has a member `numbering`.
struct CommandSpec {
  std::string_view name;    ///< As sent, in upper case and without "UID".
  std::string_view source;  ///< The section that defines it.
  SessionStates states;     ///< The states in which it is allowed.
  /// The capability it belongs to (server/imap/capability.cc): where that is not offered, there is
  /// no such command. Empty if every server has the command. Capabilities that only some of its
  /// arguments need are in server/imap/needs.cc.
  std::string_view capability = {};
  /// The rights on the selected mailbox, all of which it needs besides "r" (RFC 4314 §4).
  std::string_view selected_rights = {};
  /// The rights on the mailbox that it names, one of which it needs. What a command needs besides,
  /// or only at times, is judged where it is executed.
  std::string_view mailbox_rights = {};
};

}  // namespace posthorn::wire::imap
