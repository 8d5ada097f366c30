#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wire/imap/command/command_spec.h"
#include "wire/imap/command/commands_message.h"

namespace posthorn::wire::imap {

/// Selects mailboxes: `filter-mailboxes` of RFC 5465 §6, and of RFC 7377 §2.2, which adds
/// `subtree_one`.
struct MailboxFilter {
  enum class Kind : std::uint8_t {
    selected,
    selected_delayed,
    inboxes,
    personal,
    subscribed,
    subtree,      ///< The named mailboxes and all below them.
    subtree_one,  ///< The named mailboxes and those directly below them.
    mailboxes,
  };
  Kind kind = Kind::personal;
  std::vector<std::string> names;  ///< Of subtree, subtree_one and mailboxes; at least one.

  [[nodiscard]] bool is_of_selected() const {
    return kind == Kind::selected || kind == Kind::selected_delayed;
  }
};

/// RFC 5465 §5.
enum class NotifyEvent : std::uint8_t {
  message_new = 1,
  message_expunge = 2,
  flag_change = 4,
  mailbox_name = 8,
  subscription_change = 16,
  mailbox_metadata_change = 32,
  server_metadata_change = 64,
};
/// A set of NotifyEvent.
struct NotifyEvents {
  std::uint8_t bits = 0;
  [[nodiscard]] bool has(NotifyEvent event) const {
    return (bits & static_cast<std::uint8_t>(event)) != 0;
  }
  /// Any of MessageNew, MessageExpunge and FlagChange.
  [[nodiscard]] bool has_message_event() const { return (bits & 7) != 0; }
  void add(NotifyEvent event) { bits = static_cast<std::uint8_t>(bits | static_cast<int>(event)); }
  void add(NotifyEvents other) { bits = static_cast<std::uint8_t>(bits | other.bits); }
  friend bool operator==(NotifyEvents, NotifyEvents) = default;
};

/// Searches several mailboxes. The results are UIDs.
struct EsearchCommand {
  static constexpr CommandSpec kSpec{.name = "ESEARCH",
                                     .source = "RFC 7377 §2",
                                     .states = kAfterLogin,
                                     .capability = "MULTISEARCH"};
  std::vector<MailboxFilter> sources;  ///< Empty: the selected mailbox. Not selected_delayed.
  SearchReturn returns;
  message::SearchKey key;
  bool uses_modseq = false;
};

struct NotifyGroup {
  MailboxFilter mailboxes;
  NotifyEvents events;           ///< Empty for NONE.
  std::vector<FetchItem> fetch;  ///< Of MessageNew; only for the selected mailbox.
};

struct NotifyCommand {
  static constexpr CommandSpec kSpec{
      .name = "NOTIFY", .source = "RFC 5465 §3.1", .states = kAfterLogin, .capability = "NOTIFY"};
  enum class Mode : std::uint8_t { set, none };
  Mode mode = Mode::none;
  bool status = false;  ///< STATUS of the mailboxes is requested.
  std::vector<NotifyGroup> groups;
  /// There is an event that this server does not know. Other rules about events are not checked
  /// then, since the command is refused with BADEVENT.
  bool has_unknown_event = false;
};

}  // namespace posthorn::wire::imap
